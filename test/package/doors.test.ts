/**
 * The doors of the package: one instance behind all of them, however each is loaded, and nothing read that is not used.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import '../support/temporary.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(import.meta.url);
const DOORS = ['carrel', 'carrel/plan', 'carrel/steps', 'carrel/syscalls'];

type Carrel = typeof import('carrel');
type Plans = typeof import('carrel/plan');

for (const name of DOORS) {
  test(`${name}: import gives the same values as require`, async () => {
    const imported = (await import(name)) as Readonly<Record<string, unknown>>;
    const required = require(name) as Readonly<Record<string, unknown>>;
    assert.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
    for (const [value, its] of Object.entries(imported)) assert.equal(required[value], its, value);
  });
}

test('one launcher serves all of them, and their errors are of one class', async () => {
  const [imported, required] = [await import('carrel'), require('carrel') as Carrel];
  const [plans, requiredPlans] = [await import('carrel/plan'), require('carrel/plan') as Plans];
  const failing = new imported.Container().plan('false');
  const failures = [
    () => new imported.Container().run('false', [], { check: true }),
    () => new required.Container().run('false', [], { check: true }),
    () => plans.run(failing, { check: true }),
    () => requiredPlans.run(failing, { check: true }),
  ];
  for (const fail of failures)
    await assert.rejects(fail, (error) => error instanceof imported.ExitError && error instanceof required.CarrelError);
  const launchers = [...readProcesses().values()].filter(
    ({ parent, comm }) => parent === process.pid && comm === 'carrel',
  );
  assert.equal(launchers.length, 1);
});

/** What of the package, and of what it depends on, Node opens. */
function opened(env: NodeJS.ProcessEnv, ...args: readonly string[]): readonly string[] {
  const records = mkdtempSync(join(tmpdir(), 'opened-'));
  // A file for each thread: no line is cut in two by another.
  const command = ['-ff', '-qq', '-z', '-e', 'trace=openat', '-o', join(records, 'of'), process.execPath, ...args];
  const { status, stderr } = spawnSync('strace', command, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, DEBUG: undefined, ...env },
  });
  assert.equal(status, 0, stderr);
  const lines = readdirSync(records).map((name) => readFileSync(join(records, name), 'utf8'));
  const paths = lines.join('').matchAll(/"[^"]*\/(?:dist|prebuilds|node_modules)\/([^"]*\.[a-z]+)"/g);
  return [...new Set([...paths].map(([, path = '']) => path))].sort();
}

const COMMAND = 'dist/carrel.cjs';
/** A program that starts a container. */
/** What the first container loads. */
const FIRST = [
  'core.cjs',
  'engine.cjs',
  'index.cjs',
  'index.mjs',
  `linux-${process.arch}/carrel.node`,
  'machinery.cjs',
  'node-gyp-build/index.js',
  'node-gyp-build/node-gyp-build.js',
  'node-gyp-build/package.json',
  'package.cjs',
  'shared.cjs',
];
const START = `import { Container } from 'carrel'; await (await new Container().start()).stop();`;
const REACH = `import { Container } from 'carrel'; await new Container().network({ allow: ['a.b:1'] }).run('true');`;
const RUN = `import { Container } from 'carrel'; await new Container().run('true');`;

suite('what is read', requires('strace'), () => {
  const cases: Readonly<Record<string, readonly [program: readonly string[], files: readonly string[]]>> = {
    'importing carrel': [importing("import 'carrel'"), ['core.cjs', 'index.cjs', 'index.mjs']],
    'requiring carrel': [
      ['-e', "require('carrel')"],
      ['core.cjs', 'index.cjs'],
    ],
    'importing carrel/plan': [
      importing("import 'carrel/plan'"),
      ['core.cjs', 'package.cjs', 'plan.cjs', 'plan.mjs', 'shared.cjs'],
    ],
    'importing carrel/steps': [
      importing("import 'carrel/steps'"),
      ['core.cjs', 'package.cjs', 'shared.cjs', 'steps.cjs', 'steps.mjs'],
    ],
    'importing carrel/syscalls': [
      importing("import 'carrel/syscalls'"),
      ['core.cjs', 'package.cjs', 'shared.cjs', 'syscalls.cjs', 'syscalls.mjs'],
    ],
    'a definition': [
      importing(
        "import { bind, Container } from 'carrel'; new Container().mount(bind('/srv', '/srv')).limits({ pids: 1 })",
      ),
      ['core.cjs', 'index.cjs', 'index.mjs'],
    ],
    'the first container': [importing(RUN), FIRST],
    'the first container that stays': [importing(START), ['connections.cjs', ...FIRST, 'staying.cjs']],
    'the first container with a list': [
      importing(REACH),
      ['connections.cjs', 'core.cjs', 'egress.cjs', ...FIRST.slice(1)],
    ],
    'carrel --version': [
      [COMMAND, '--version'],
      ['carrel.cjs', 'package.cjs'],
    ],
    'carrel --help': [
      [COMMAND, '--help'],
      ['carrel.cjs', 'package.cjs'],
    ],
    'carrel run --help': [
      [COMMAND, 'run', '--help'],
      ['carrel.cjs', 'commands.cjs', 'core.cjs', 'package.cjs'],
    ],
  };
  for (const [what, [program, files]] of Object.entries(cases))
    test(what, () => assert.deepEqual(opened({}, ...program), files));

  test('debug is read where DEBUG names carrel', () => {
    const reads = (names: string): boolean =>
      opened({ DEBUG: names }, ...importing(RUN)).includes('debug/src/index.js');
    assert.deepEqual([reads('http,express:*'), reads('http carrel:plan'), reads('*')], [false, true, true]);
  });
});

function importing(source: string): readonly string[] {
  return ['--input-type=module', '-e', source];
}
