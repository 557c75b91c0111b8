import assert from 'node:assert/strict';
import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { concat, type Plan, plan, spawn } from 'carrel/plan';
import { barrier, exec, newuidmap } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { ownerOf, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A helper that is never done: it sleeps as many seconds as the child's pid and the numbers make. */
const stuck: Plan = concat(
  plan({
    clone: ['user'],
    steps: [barrier({ acts: [newuidmap({ path: '/bin/sleep', ranges: [0, 100_000, 100_000] })] })],
  }),
  plan({ steps: [exec({ args: ['true'] })] }),
);

/** The helper, once it is there, below the test file's own processes. */
async function helper(): Promise<number> {
  for (;;) {
    const table = readProcesses();
    const found = [...table.values()].find(({ pid, comm }) => comm === 'sleep' && ownerOf(pid, table) === 'own');
    if (found !== undefined) return found.pid;
    await sleep(2);
  }
}

suite('a helper that hangs', requires('user-namespaces'), () => {
  test('ends with the container', async () => {
    const child = spawn(stuck);
    const pid = await helper();
    child.kill('SIGKILL');
    const { signal, reason } = await child.result;
    assert.deepEqual([signal, reason], ['SIGKILL', 'killed']);
    assert.equal(readProcesses().has(pid), false);
  });

  test('is no reason to miss the time', async () => {
    const child = spawn({ ...stuck, timeoutMs: 1 });
    assert.equal((await child.result).reason, 'timeout');
  });

  test('ends with a child that somebody has killed', async () => {
    const child = spawn(stuck);
    const pid = await helper();
    const table = readProcesses();
    const supervisor = table.get(pid)?.parent;
    const waiting = [...table.values()].find((entry) => entry.parent === supervisor && entry.pid !== pid);
    process.kill(waiting?.pid ?? 0, 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    assert.equal(readProcesses().has(pid), false);
  });

  test('ends with Node', async () => {
    const caller = spawnProcess(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { spawn } from 'carrel/plan'; spawn(JSON.parse(process.argv[1]));`,
        JSON.stringify(stuck),
      ],
      { stdio: 'ignore' },
    );
    const pid = await helper();
    caller.kill('SIGKILL');
    await once(caller, 'close');
    while (readProcesses().has(pid)) await sleep(2);
  });
});
