/**
 * A hook whose Node has gone keeps nobody waiting.
 *
 * Where Node has gone before its moment came, nobody waits for it.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from '#lib/index.js';
import { useCleanHost } from '../support/host.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Its child is a second on its way to the hook: strace keeps its first call for so long. */
const CALLER = `
  import { Container } from '#lib/index.js';
  import { launchBy, makeSpares } from '#lib/launch/launcher.js';
  makeSpares(false);
  const args = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=setsid', '-e', 'inject=setsid:delay_enter=1000000'];
  launchBy(['strace', ...args], { PATH: process.env.PATH }, (pid) => pid);
  const child = new Container().hook(() => new Promise(() => {})).spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  child.on('error', (error) => console.error(error));
  console.log('started');`;

function below(pid: number): readonly number[] {
  const children = [...readProcesses().values()].filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child.pid, ...below(child.pid)]);
}

suite('a detached container with a hook', requires('strace'), () => {
  test('ends where Node has ended before the hook', async () => {
    const node = spawn(process.execPath, ['--input-type=module', '-e', CALLER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(node.stdout, 'data');
    // strace, the launcher, the supervisor, and the child, which strace keeps.
    let made: readonly number[] = [];
    while (made.length < 4 || readProcesses().get(made.at(-1) ?? 0)?.state !== 't') {
      await sleep(5);
      made = below(node.pid ?? 0);
    }
    node.kill('SIGKILL');
    await once(node, 'exit');
    while (made.some((pid) => readProcesses().has(pid))) await sleep(5);
    assert.equal(made.length, 4, made.join());
  });
});
