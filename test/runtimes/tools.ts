/**
 * The test runners and bundlers that carrel is used with, as npm has them, and what it is compared with.
 *
 * They are kept in build/runtimes from one run to the next. Each gets a small project beside the installed package. A
 * bundler also makes a bundle in which carrel is not external, and that is run where no package is.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { installed } from './installed.js';

export interface Tool {
  readonly name: string;
  /** What `npm install` takes to install it. */
  readonly npm: readonly string[];
  /** Files of the project, by their names. */
  readonly project: Readonly<Record<string, string>>;
  /** What Node runs in the project, one after the other, and what each prints. */
  readonly runs: readonly (readonly [args: readonly string[], prints: RegExp])[];
}

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
/** Nothing here takes a tenth of it. */
const HANGS_MS = 300_000;
const HELD = /^all parts held$/m;
const COPIED = /^(?=.*hint: mark carrel as external)(?=.*'ERR_UNSUPPORTED')/s;

/** Globals are those of both Jest and Vitest. */
const TEST = `
test('a container starts, and what comes of it is of the classes that were imported', async () => {
  const input = Buffer.from('held');
  const { stdout } = await new Container().run('cat', [], { input, signal: new AbortController().signal });
  expect(stdout).toBe('held');
  await expect(new Container().run('no-such-program')).rejects.toThrow(StepError);
  expect(() => new Container().hostname('')).toThrow(TypeError);
  const child = new Container().spawn('true');
  expect(child).toBeInstanceOf(ContainerProcess);
  expect((await child.result).ok).toBe(true);
});
`;
const TESTED = '{ Container, ContainerProcess, StepError }';

const jest = (version: number): Tool => ({
  name: `jest-${version}`,
  npm: [`jest@${version}`],
  project: { 'carrel.test.js': `const ${TESTED} = require('carrel');\n${TEST}` },
  runs: [[['node_modules/jest/bin/jest.js', '--ci'], /^Tests: +1 passed, 1 total$/m]],
});

const PROGRAM = `
void (async () => {
  console.log(isSupported());
  const { stdout } = await new Container().run('echo', ['held']);
  const composed = await run(new Container().plan('echo', ['held']));
  if (stdout !== 'held\\n' || composed.stdout !== stdout) throw new Error(stdout);
  console.log('all parts held');
})();
`;

/** `script` makes `external.EXT`, and `copied.EXT` below `elsewhere/`, of one of these. */
const bundler = (name: string, script: string): Tool => ({
  name,
  npm: [name],
  project: {
    'imports.mjs': `import { Container, isSupported } from 'carrel';\nimport { run } from 'carrel/plan';\n${PROGRAM}`,
    'requires.cjs': [
      "const { Container, isSupported } = require('carrel');",
      "const { run } = require('carrel/plan');",
      PROGRAM,
    ].join('\n'),
    'bundle.mjs': script,
  },
  runs: [
    [['bundle.mjs'], /^bundled$/m],
    [['external.mjs'], HELD],
    [['external.cjs'], HELD],
    [['../elsewhere/copied.mjs'], COPIED],
    [['../elsewhere/copied.cjs'], COPIED],
  ],
});

export const TOOLS: readonly Tool[] = [
  jest(29),
  jest(30),
  {
    name: 'vitest',
    npm: ['vitest@4'],
    project: { 'carrel.test.js': `import ${TESTED} from 'carrel';\n${TEST}` },
    runs: [[['node_modules/vitest/vitest.mjs', 'run', '--globals'], /\b1 passed\b/]],
  },
  bundler(
    'esbuild',
    `import { build } from 'esbuild';
    for (const [entry, format, extension] of [['imports.mjs', 'esm', 'mjs'], ['requires.cjs', 'cjs', 'cjs']]) {
      const options = { entryPoints: [entry], bundle: true, platform: 'node', format };
      await build({ ...options, outfile: 'external.' + extension, external: ['carrel'] });
      await build({ ...options, outfile: '../elsewhere/copied.' + extension });
    }
    console.log('bundled');`,
  ),
  bundler(
    'webpack',
    `import { resolve } from 'node:path';
    import webpack from 'webpack';
    const bundle = (options) => new Promise((resolve, reject) => {
      const settings = { mode: 'production', target: 'node', context: process.cwd(), ...options };
      webpack(settings, (error, stats) =>
        error || stats.hasErrors() ? reject(error ?? new Error(String(stats))) : resolve());
    });
    for (const [entry, module, extension] of [['./imports.mjs', true, 'mjs'], ['./requires.cjs', false, 'cjs']]) {
      const options = { entry, experiments: { outputModule: module } };
      const to = (path, name) => ({ output: { path: resolve(path), filename: name + '.' + extension, module } });
      const external = { externals: /^carrel(\\/|$)/, externalsType: module ? 'module' : 'commonjs' };
      await bundle({ ...options, ...to('.', 'external'), ...external });
      await bundle({ ...options, ...to('../elsewhere', 'copied') });
    }
    console.log('bundled');`,
  ),
  // 175 packages, and native builds of two: too much for this checkout, where nothing can run it without Docker.
  {
    name: 'testcontainers',
    npm: ['--ignore-scripts', 'testcontainers@12', '@testcontainers/postgresql@12', '@testcontainers/redis@12'],
    project: {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({
        extends: join(checkout, 'tsconfig.base.json'),
        compilerOptions: { noEmit: true, skipLibCheck: true, typeRoots: [join(checkout, 'node_modules/@types')] },
      }),
      'services.test.ts': readFileSync(join(checkout, 'examples/testcontainers/services.test.ts'), 'utf8'),
    },
    runs: [
      [
        [join(checkout, 'node_modules/typescript/bin/tsc'), '--listFiles'],
        /^(?!.*error TS).*\/testcontainers\/services\.test\.ts\s*$/s,
      ],
    ],
  },
];

/** @param app A directory in which carrel is installed. @param directory Where there is no other package. */
export function tryTool({ name, npm, project, runs }: Tool, app: string, directory: string): boolean {
  const modules = join(installed(name, npm), 'node_modules');
  cpSync(join(app, 'node_modules'), modules, { recursive: true, filter: (path) => basename(path) !== '.bin' });
  const place = join(directory, name);
  mkdirSync(place);
  symlinkSync(modules, join(place, 'node_modules'));
  for (const [file, text] of Object.entries({ 'package.json': '{}', ...project }))
    writeFileSync(join(place, file), text);
  console.log(`\n${name}`);
  return runs.every(([args, prints]) => {
    // To a file: Node tells of an error with the line that it is in, which is all of a bundle. A pipe is full by then.
    const path = join(place, 'printed');
    const file = openSync(path, 'w');
    spawnSync(process.execPath, args, { cwd: place, stdio: ['ignore', file, file], timeout: HANGS_MS });
    closeSync(file);
    const printed = stripVTControlCharacters(readFileSync(path, 'utf8'));
    const held = prints.test(printed);
    console.log(held ? `  ok ${args.join(' ')}` : `  FAILED ${args.join(' ')}\n${printed.slice(-4000)}`);
    return held;
  });
}
