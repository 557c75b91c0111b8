/** SIGKILL of the launcher ends no running container, and the next one gets a new launcher. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { ancestors, readProcesses } from '../support/processes.js';

// Without useCleanHost: the launcher that is there afterwards is another one, which is what is tested here.
const box = new Container();

/** Children of this process that are carrel's launchers. */
function launchers(): readonly number[] {
  const own = [...readProcesses().values()].filter(({ parent, comm }) => parent === process.pid && comm === 'carrel');
  return own.map(({ pid }) => pid);
}

function launcher(): number {
  const [pid] = launchers();
  assert.ok(pid !== undefined, 'there is none');
  return pid;
}

suite('SIGKILL of the launcher', () => {
  test('what runs goes on, and can still be ended', async () => {
    const child = box.spawn('cat');
    await once(child, 'spawn');
    const first = launcher();
    process.kill(first, 'SIGKILL');
    while (launchers().includes(first)) await sleep(2);
    child.stdin?.end('still here');
    const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    assert.equal(text.toString(), 'still here');
    assert.equal((await child.result).exitCode, 0);
  });

  test('the next command gets a new one', async () => {
    await box.run('true');
    const first = launcher();
    process.kill(first, 'SIGKILL');
    while (launchers().includes(first)) await sleep(2);
    assert.equal((await box.run('echo', ['again'])).stdout, 'again\n');
    assert.equal(launchers().length, 1);
  });

  test('its spare ends with it', async () => {
    await box.run('true');
    const spares = (): readonly number[] => {
      const table = [...readProcesses().values()].filter(({ state }) => state !== 'Z');
      return table.filter(({ comm }) => comm === 'carrel-spare').map(({ pid }) => pid);
    };
    const first = launcher();
    const own = (): readonly number[] => spares().filter((pid) => ancestors(pid).includes(first));
    while (own().length < 2) await sleep(1);
    const made = own();
    process.kill(first, 'SIGKILL');
    while (spares().some((pid) => made.includes(pid))) await sleep(1);
    assert.equal((await box.run('true')).exitCode, 0);
  });

  test('what it had not begun ends with an error that says so, or ran; nothing hangs', async () => {
    for (let round = 0; round < 10; round += 1) {
      await box.run('true');
      const first = launcher();
      const waiting = Array.from({ length: 10 }, () => box.run('true'));
      await sleep(Math.random() * 10);
      process.kill(first, 'SIGKILL');
      for (const result of await Promise.allSettled(waiting)) {
        if (result.status === 'fulfilled') assert.equal(result.value.exitCode, 0);
        else {
          assert.equal(result.reason.code, 'ERR_SUPERVISOR_LOST');
          assert.match(result.reason.hint ?? '', /SIGKILL from outside.*dmesg/);
        }
      }
      // A request that it takes in its last moment is lost as well.
      while (launchers().includes(first)) await sleep(2);
    }
    const left = [...readProcesses().values()].filter(
      ({ parent, comm }) => parent === process.pid && comm !== 'carrel',
    );
    assert.deepEqual(left, []);
  });
});
