/**
 * Makes dist/, which is published, of the compiled library in build/lib. It holds
 *
 * - `core.cjs`: the builder, its definitions and the errors, which every door shares, imported or required;
 * - `engine.cjs` and `commands.cjs`: what is reached through one list of functions alone, loaded when one of these is
 *   first called;
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
import * as engine from '#lib/running/engine.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lib = join(root, 'build/lib');
const dist = join(root, 'dist');
/** What is loaded when it is first called: each file's functions. */
const BOUNDARIES: Readonly<Record<string, object>> = { engine, commands };
/** The modules whose functions these are. */
const FILES: Readonly<Record<string, string>> = {
  [join(lib, 'running/engine.js')]: 'engine',
  [join(lib, 'definition/inserted.js')]: 'engine',
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
  const files = doors.map(({ file }) => [file, join(lib, `${file}.js`)]);
  const build = await rolldown({
    input: {
      ...Object.fromEntries(files),
      carrel: join(lib, 'cli/carrel.js'),
      commands: join(lib, 'cli/commands.js'),
      engine: join(lib, 'running/engine.js'),
    },
    platform: 'node',
    plugins: [sources(), forwarding(), { name: 'core', buildEnd: reached }],
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
        { name: 'core', test: (id) => core.has(id), priority: 2 },
        // Apart: the command needs it, and nothing else that is shared.
        { name: 'package', test: (id) => id === join(lib, 'launch/package.js'), priority: 1 },
        { name: 'shared', test: (id) => !files.some(([, file]) => file === id), minShareCount: 2 },
      ],
    },
  });
  return output.filter((one) => one.type === 'chunk');

  /** What the first door imports, and so on. */
  function reached(this: { getModuleInfo(id: string): { importedIds: readonly string[] } | null }): void {
    const wait = [join(lib, 'index.js')];
    for (const id of wait) {
      const imported = this.getModuleInfo(id)?.importedIds ?? [];
      wait.push(...imported.filter((one) => !core.has(one)));
      for (const one of imported) core.add(one);
    }
  }
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
