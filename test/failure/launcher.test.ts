import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { readProcesses } from '../support/processes.js';

const box = new Container();
let usual: number | undefined;

useCleanHost({
  warmUp: async () => {
    await box.run('true');
    usual = launchers()[0];
  },
});

/** Children of this process that are carrel's launchers. */
function launchers(): readonly number[] {
  const own = [...readProcesses().values()].filter(({ parent, comm }) => parent === process.pid && comm === 'carrel');
  return own.map(({ pid }) => pid);
}

test('without: one launcher serves them all', async () => {
  await Promise.all([box.run('true'), box.run('true')]);
  assert.deepEqual(launchers(), [usual]);
});

test('SIGSTOP of the launcher: requests wait, none is lost', async () => {
  const [pid = 0] = launchers();
  process.kill(pid, 'SIGSTOP');
  const results = Promise.all(Array.from({ length: 20 }, (_, index) => box.run('echo', [String(index)])));
  await sleep(50);
  process.kill(pid, 'SIGCONT');
  for (const [index, { stdout }] of (await results).entries()) assert.equal(stdout, `${index}\n`);
});
