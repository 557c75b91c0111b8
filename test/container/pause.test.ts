/** Pausing and resuming may overlap with each other, with the supervisor's own thaw, and with the end. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Container, type ContainerProcess } from 'carrel';
import { FREEZER } from '#lib/cgroup/files.js';
import { useCleanHost } from '../support/host.js';
import { cgroupsOf } from '../support/plans.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

type Order = 'pause' | 'resume';

/** Where an order waits for ever, the end of the container tells it. */
const PATIENCE_MS = 60_000;
const box = new Container().limits({ onUnsupported: 'warn' });
const start = (): ContainerProcess =>
  box.spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore', timeout: PATIENCE_MS });

/** Gives the orders at once, and waits for the last. Which were settled by then, in their order. */
async function give(child: ContainerProcess, orders: readonly Order[]): Promise<readonly Order[]> {
  const settled: Order[] = [];
  const given = orders.map(async (order) => {
    await child[order]();
    settled.push(order);
  });
  await given.at(-1);
  return settled;
}

/**
 * Thaws it whenever it is frozen, or about to be, as its supervisor does when its time is up. `goesOn` is asked with
 * how often that was.
 */
async function keepThawing({ plan }: ContainerProcess, goesOn: (times: number) => boolean): Promise<void> {
  const paths = cgroupsOf(plan);
  const [found] = ([2, 1] as const).flatMap((version) => {
    const { file, thaw } = FREEZER[version].words;
    const path = paths.map((directory) => join(directory, file)).find((one) => existsSync(one));
    return path === undefined ? [] : [{ path, thaw }];
  });
  assert.ok(found);
  for (let times = 0; goesOn(times); await turn()) {
    if (readFileSync(found.path, 'utf8').trim() === found.thaw) continue;
    writeFileSync(found.path, found.thaw);
    times += 1;
  }
}

suite('pause() and resume()', requires('cgroups'), () => {
  test('at the same time take effect in their order, so that the last decides', async () => {
    await using child = start();
    const lists = [
      ['pause', 'resume'],
      ['resume', 'pause'],
      ['pause', 'pause', 'resume'],
      ['resume', 'pause', 'resume', 'pause'],
      ['resume'],
    ] as const;
    for (const orders of lists) {
      assert.deepEqual(await give(child, orders), orders);
      assert.equal((await child.stats()).paused, orders.at(-1) === 'pause');
    }
  });

  test('one before the command runs, the other when it does', async () => {
    await using child = start();
    const settled: Order[] = [];
    const pause = child.pause().then(() => settled.push('pause'));
    await once(child, 'spawn');
    await child.resume();
    assert.deepEqual(settled, ['pause']);
    await pause;
    assert.equal((await child.stats()).paused, false);
  });

  test('what is thawed while pause() waits is frozen again', async () => {
    await using child = start();
    await once(child, 'spawn');
    const thawed = keepThawing(child, (times) => times < 3);
    await child.pause();
    await thawed;
    assert.equal((await child.stats()).paused, true);
    await child.resume();
  });

  test('a pause() that cannot be had keeps no resume() from its turn', async () => {
    await using child = start();
    await once(child, 'spawn');
    let holds = true;
    let thaws = 0;
    const thawed = keepThawing(child, (times) => {
      thaws = times;
      return holds;
    });
    const paused = child.pause();
    while (thaws < 3) await turn();
    const resumed = child.resume();
    await Promise.all([paused, resumed]);
    holds = false;
    await thawed;
    assert.equal((await child.stats()).paused, false);
  });

  test('each is told of an end that comes first', async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      await using child = start();
      await once(child, 'spawn');
      const orders = [child.pause(), child.resume(), child.pause(), child.pause()];
      for (let left = turns; left > 0; left -= 1) await turn();
      child.kill('SIGKILL');
      for (const end of await Promise.allSettled(orders))
        if (end.status === 'rejected') assert.equal(end.reason.code, 'ERR_ENDED');
      assert.equal((await child.result).reason, 'killed');
      await assert.rejects(child.resume(), { code: 'ERR_ENDED' });
    }
  });

  test('each is told why the command could not be started', async () => {
    const child = box.spawn('no-such-program');
    const orders = [child.pause(), child.resume(), child.pause()];
    for (const order of orders) await assert.rejects(order, { code: 'ENOENT' });
  });
});
