/** How long a container that stays may live, set while it runs: its supervisor keeps the time. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Longer than any test takes. */
const LONG_MS = 3_600_000;

suite('setTimeout()', () => {
  test('ends a container that had no timeout, its commands too', async () => {
    const box = await new Container().start();
    const child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
    await once(child, 'spawn');
    await box.setTimeout(20);
    const { reason, signal } = await box.result;
    assert.deepEqual([reason, signal], ['timeout', 'SIGKILL']);
    assert.equal((await child.result).reason, 'container-ended');
  });

  test('replaces the timeout of start(), by less, by more, or by none', async () => {
    const short = await new Container().start('sleep', ['9999'], { timeout: LONG_MS });
    await short.setTimeout(20);
    assert.equal((await short.result).reason, 'timeout');
    for (const more of [LONG_MS, 0, Number.MAX_SAFE_INTEGER]) {
      await using box = await new Container().start({ timeout: 1500 });
      await box.setTimeout(more);
      assert.equal((await box.run('sleep', ['2'])).reason, 'exited');
      assert.equal(box.state, 'running');
    }
  });

  test('counts from the call on, and the last one decides', async () => {
    await using box = await new Container().start({ timeout: LONG_MS });
    for (let round = 0; round < 50; round += 1) await box.setTimeout(round % 2 === 0 ? 5000 : 0);
    await Promise.all([box.setTimeout(LONG_MS), box.setTimeout(1)]);
    assert.equal((await box.result).reason, 'timeout');
  });

  test('sends the signal that start() was told', async () => {
    const box = await new Container().start('sh', ['-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.01; done'], {
      killSignal: 'SIGTERM',
      ready: { line: 'up' },
    });
    await box.setTimeout(1);
    const { exitCode, reason } = await box.result;
    assert.deepEqual([exitCode, reason], [7, 'timeout']);
  });

  test('at the moment when the time is up is one or the other', async () => {
    for (let round = 0; round < 40; round += 1) {
      const box = await new Container().start({ timeout: 30 + round });
      const given = await box.setTimeout(LONG_MS).then(
        () => 'given',
        (error: { code: string }) => error.code,
      );
      if (given === 'given') await box.stop({ grace: 0 });
      else assert.equal(given, 'ERR_ENDED');
      assert.equal((await box.result).reason, given === 'given' ? 'exited' : 'timeout');
    }
  });

  test('holds while Node is busy', async () => {
    const box = await new Container().start();
    await box.setTimeout(50);
    const until = performance.now() + 500;
    while (performance.now() < until);
    const { reason, usage } = await box.result;
    assert.equal(reason, 'timeout');
    assert.ok(usage.wallMs < 450, `${usage.wallMs}`);
  });

  test('refuses what is no time, and comes too late for a container that has ended', async () => {
    const box = await new Container().start();
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53])
      await assert.rejects(box.setTimeout(bad), { code: 'ERR_OUT_OF_RANGE', message: /milliseconds/ });
    await assert.rejects(box.setTimeout('1' as never), { code: 'ERR_INVALID_ARG_TYPE', message: /milliseconds/ });
    await box.stop({ grace: 0 });
    await assert.rejects(box.setTimeout(1), { code: 'ERR_ENDED' });
  });
});
