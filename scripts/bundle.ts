/**
 * Makes dist/, which is published, of the compiled library in build/lib. It holds
 *
 * - `core.cjs`: the builder, its definitions and the errors, which every door shares, imported or required;
 * - `engine.cjs`, `staying.cjs`, `egress.cjs` and `commands.cjs`: what is reached through one list of functions alone,
 *   loaded when one of these is first called;
 * - `machinery.cjs`: what the engine is made of, which what stays needs too;
 * - `connections.cjs`: what carries bytes between sockets, which what stays and egress need;
 * - `shared.cjs`: what else more than one of the files here needs, and `package.cjs`: where they are;
 * - for each door of package.json a CommonJS file, an ESM wrapper around it, and declarations for both;
 * - `carrel.cjs`, the command.
 *
 * Nothing is minified: names and lines in the stack of an error are those of the source.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import * as commands from '#lib/cli/commands.js';
import { bundled } from '#lib/errors/errors.js';
import * as egress from '#lib/running/egress.js';
import * as engine from '#lib/running/engine.js';
import * as staying from '#lib/running/staying.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lib = join(root, 'build/lib');
const dist = join(root, 'dist');
/** What is loaded when it is first called: each file's functions. */
const BOUNDARIES: Readonly<Record<string, object>> = { engine, staying, egress, commands };
/** The modules whose functions these are. */
const FILES: Readonly<Record<string, string>> = {
  [join(lib, 'running/engine.js')]: 'engine',
  [join(lib, 'definition/inserted.js')]: 'engine',
  [join(lib, 'running/staying.js')]: 'staying',
  [join(lib, 'running/collecting.js')]: 'staying',
  [join(lib, 'running/pool/pool.js')]: 'staying',
  [join(lib, 'running/start.js')]: 'staying',
  [join(lib, 'running/egress.js')]: 'egress',
  [join(lib, 'running/egress/egress.js')]: 'egress',
  [join(lib, 'cli/commands.js')]: 'commands',
};

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
/** `index`, `plan`, …, each with the name by which it is imported. */
const doors = Object.keys(exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => ({ file: path === '.' ? 'index' : basename(path), name: join('carrel', path) }));

rmSync(dist, { recursive: true, force: true });
const chunks = await bundle();
for (const { file, name } of doors) {
  const door = chunks.find(({ fileName }) => fileName === `${file}.cjs`);
  if (door === undefined) throw new Error(`nothing was made for ${name}`);
  writeFileSync(join(dist, `${file}.mjs`), wrapper(name, door.exports));
  for (const kind of ['mts', 'cts'])
    writeFileSync(join(dist, `${file}.d.${kind}`), `export * from './types/${file}.js';\n`);
}
declarations();

async function bundle(): Promise<readonly OutputChunk[]> {
  const core = new Set<string>();
  const machinery = new Set<string>();
  const others = new Set<string>();
  const files = doors.map(({ file }) => [file, join(lib, `${file}.js`)]);
  const build = await rolldown({
    input: {
      ...Object.fromEntries(files),
      carrel: join(lib, 'cli/carrel.js'),
      commands: join(lib, 'cli/commands.js'),
      engine: join(lib, 'running/engine.js'),
      staying: join(lib, 'running/staying.js'),
      egress: join(lib, 'running/egress.js'),
    },
    platform: 'node',
    plugins: [sources(), forwarding(), { name: 'parts', buildEnd: part }],
  });
  const { output } = await build.write({
    dir: dist,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    comments: false,
    esModule: true,
    generatedCode: { symbols: false },
    strict: true,
    sourcemap: true,
    codeSplitting: {
      groups: [
        { name: 'core', test: (id) => core.has(id), priority: 3 },
        // Apart: the command needs it, and nothing else that is shared.
        { name: 'package', test: (id) => id === join(lib, 'launch/package.js'), priority: 2 },
        { name: 'shared', test: (id) => others.has(id), minShareCount: 2, priority: 1 },
        // What stays needs it too, and is loaded after it.
        { name: 'machinery', test: (id) => machinery.has(id) },
      ],
    },
  });
  return output.filter((one) => one.type === 'chunk');

  function part(this: Graph): void {
    for (const id of importedFrom(this, [join(lib, 'index.js')])) core.add(id);
    for (const id of importedFrom(this, [...files.map(([, file = '']) => file), join(lib, 'cli/commands.js')]))
      if (!files.some(([, file]) => file === id)) others.add(id);
    for (const id of [join(lib, 'running/engine.js'), ...importedFrom(this, [join(lib, 'running/engine.js')])])
      if (!core.has(id) && !others.has(id)) machinery.add(id);
  }
}

interface Graph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/** What these import, and so on. */
function importedFrom(graph: Graph, ids: readonly string[]): ReadonlySet<string> {
  const imported = new Set<string>();
  const wait = [...ids];
  for (const id of wait) {
    for (const one of graph.getModuleInfo(id)?.importedIds ?? []) {
      if (!imported.has(one)) wait.push(one);
      imported.add(one);
    }
  }
  return imported;
}

/** Reads each file with its map, so that the bundle's lead to the source. */
function sources(): Plugin {
  return {
    name: 'sources',
    load: (id) =>
      id.startsWith(lib) ? { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') } : undefined,
  };
}

/** In place of the functions of a boundary: the same, each of which loads the file that has it and calls it there. */
function forwarding(): Plugin {
  return {
    name: 'forwarding',
    resolveId: (path, importer = '') => {
      if (path.endsWith('.cjs')) return { id: path, external: true };
      const file = FILES[join(dirname(importer), path)];
      // The list that the file is made of has the functions themselves.
      return file === undefined || FILES[importer] === file ? undefined : `\0${file}`;
    },
    load: (id) => {
      const file = id.slice(1);
      const boundary = BOUNDARIES[file];
      if (!id.startsWith('\0') || boundary === undefined) return undefined;
      const names = Object.keys(boundary).map((name) => `export const ${name} = (...args) => load().${name}(...args);`);
      return ['let loaded;', `const load = () => (loaded ??= require('./${file}.cjs'));`, ...names].join('\n');
    },
  };
}

/**
 * A wrapper requires its door by name: where a bundler has copied the wrapper elsewhere, that still finds the package,
 * if it is installed there. An import of the file would have it copied as well, and the native module cannot be.
 */
function wrapper(name: string, names: readonly string[]): string {
  return `import { createRequire } from 'node:module';

let door;
try {
  door = createRequire(import.meta.url)('${name}');
} catch (cause) {
  throw Object.assign(new Error(${JSON.stringify(bundled().message)}, { cause }), { code: 'ERR_UNSUPPORTED' });
}

export const { ${[...names].sort().join(', ')} } = door;
`;
}

/** Those that are reached from the doors. They count as CommonJS, which both kinds of doors can refer to. */
function declarations(): void {
  const wait = doors.map(({ file }) => join(lib, `${file}.d.ts`));
  for (const file of wait) {
    const text = readFileSync(file, 'utf8');
    for (const [, path = ''] of text.matchAll(/\bfrom '(\.[^']+)\.js'|\bimport\("(\.[^"]+)\.js"\)/g)) {
      const imported = `${join(dirname(file), path)}.d.ts`;
      if (!wait.includes(imported)) wait.push(imported);
    }
    const target = join(dist, 'types', relative(lib, file));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text.replace(/\/\/# sourceMappingURL=.*\n?$/, ''));
  }
  writeFileSync(join(dist, 'types/package.json'), '{ "type": "commonjs" }\n');
}
