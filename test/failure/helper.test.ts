/** A helper that hangs ends with its container, and holds nothing up. */

import assert from 'node:assert/strict';
import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { concat, type Plan, plan, spawn } from 'carrel/plan';
import { barrier, exec, newuidmap } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { descendants, haveEnded, readProcesses, rests, signalOne } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

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
  return until(() => descendants(process.pid).find(({ comm }) => comm === 'sleep')?.pid);
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

  test('ends with the container, however many signals were sent before', async () => {
    const child = spawn(stuck);
    const pid = await helper();
    for (let signals = 0; signals < 100; signals += 1) child.kill('SIGTERM');
    child.kill('SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    assert.equal(readProcesses().has(pid), false);
  });

  test('is waited for without a processor', async () => {
    const child = spawn(stuck);
    const pid = await helper();
    assert.ok(await rests(readProcesses().get(pid)?.parent ?? 0));
    child.kill('SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
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
    signalOne(waiting?.pid, 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    assert.equal(readProcesses().has(pid), false);
  });

  for (const [name, before] of [
    ['ends with Node', ''],
    ['ends with Node, which has sent a signal before', `child.kill('SIGTERM');`],
  ] as const) {
    test(name, async () => {
      const source = `
        import { spawn } from 'carrel/plan';
        const child = spawn(JSON.parse(process.argv[1]));
        ${before}
        process.stdout.write('started');`;
      const caller = spawnProcess(process.execPath, ['--input-type=module', '-e', source, JSON.stringify(stuck)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(caller.stdout, 'data');
      const pid = await helper();
      caller.kill('SIGKILL');
      await once(caller, 'close');
      await haveEnded(pid);
    });
  }
});
