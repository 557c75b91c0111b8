/** `ref()` and `unref()` hold Node's event loop as those of `child_process` do. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** The command ends when it is told so on descriptor 3; Node tells at its own end whether it has waited for that. */
const caller = (start: string, act: string): string => `
  import { spawn } from 'node:child_process';
  import { Container } from 'carrel';
  const start = ${start};
  const child = start('sh', ['-c', 'read line <&3; exit 5']);
  process.on('exit', () => console.log(child.exitCode === 5 ? 'waited' : 'left'));
  child.once('spawn', () => { console.log('begun'); ${act} });
`;

const starts = (standard: string): readonly (readonly [string, string])[] => [
  ['child_process', `(file, args) => spawn(file, args, { stdio: [${standard}, 3] })`],
  ['carrel', `(file, args) => new Container().spawn(file, args, { stdio: [${standard}, 3] })`],
];

const ignored = `'ignore', 'ignore', 'ignore'`;
const pipes = `'pipe', 'pipe', 'pipe'`;
const CASES = [
  ['by default Node waits', ignored, '', 'waited'],
  ['unref(): Node ends', ignored, 'child.unref()', 'left'],
  ['unref() and ref(): Node waits', ignored, 'child.unref(); child.ref()', 'waited'],
  ['with pipes Node waits', pipes, '', 'waited'],
  ['with pipes, unref() alone is not enough', pipes, 'child.unref()', 'waited for the pipes'],
  [
    'with pipes that are let go of as well, Node ends',
    pipes,
    'child.unref(); for (const name of ["stdin", "stdout", "stderr"]) child[name].unref()',
    'left',
  ],
  [
    'with pipes that are destroyed, Node ends',
    pipes,
    'child.unref(); for (const name of ["stdin", "stdout", "stderr"]) child[name].destroy()',
    'left',
  ],
] as const;

suite('ref() and unref(), as child_process has them', () => {
  for (const [name, standard, act, expected] of CASES) {
    for (const [who, start] of starts(standard)) {
      test(`${name}: ${who}`, async () => {
        const node = spawn(process.execPath, ['--input-type=module', '-e', caller(start, act)], {
          stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        });
        let shown = '';
        node.stdout?.on('data', (bytes: Buffer) => {
          shown += bytes.toString();
        });
        // Not "close": a command that was left behind holds the gate, too.
        const closed = Promise.all([once(node, 'exit'), once(node.stdout ?? node, 'end')]);
        while (!shown.includes('begun')) await Promise.race([once(node.stdout ?? node, 'data'), closed]);
        const gate = node.stdio[3] as Writable;
        gate.on('error', () => {});
        if (expected !== 'left') {
          // Who does not wait would have left by then.
          await sleep(100);
          assert.equal(node.exitCode, null);
          gate.write('line\n');
        }
        await closed;
        gate.destroy();
        // The pipes may end before the command's own end is known.
        if (expected !== 'waited for the pipes') assert.equal(shown, `begun\n${expected}\n`);
      });
    }
  }
});
