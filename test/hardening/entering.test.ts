/** What is in a container that stays holds no command up that enters, and keeps none alive. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const TIMES = process.env.CARREL_SOAK === undefined ? 20 : 1000;

/** Does the same to all that it may signal, again and again. */
async function hostile(box: RunningContainer, script: string): Promise<ContainerProcess> {
  const child = box.spawn('sh', ['-c', `echo; while :; do ${script}; done`], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

suite('a process inside that', () => {
  test('kills whatever it sees: a command runs, or ends by its signal', async () => {
    await using box = await new Container().start();
    await hostile(box, 'kill -KILL -1');
    const ends = new Set<string>();
    for (let time = 0; time < TIMES; time += 1) {
      const { reason } = await box.run('sh', ['-c', 'sleep 0.1']);
      ends.add(reason);
    }
    assert.deepEqual(
      [...ends].filter((reason) => !['exited', 'signaled'].includes(reason)),
      [],
    );
    assert.equal(box.state, 'running');
  });

  test('stops whatever it sees: a command ends by its own time, and so does the container', async () => {
    const box = await new Container().start();
    await hostile(box, 'kill -STOP -1');
    for (let time = 0; time < 3; time += 1)
      assert.equal((await box.run('sleep', ['1000'], { timeout: 200 })).reason, 'timeout');
    assert.equal((await box.stop({ grace: 50 })).reason, 'exited');
  });

  test('leaves orphans by the hundred: init reaps them', async () => {
    await using box = await new Container().start();
    await box.run('sh', ['-c', 'for i in $(seq 300); do (sleep 0.01 &) ; done'], { background: 'keep', check: true });
    for (let tries = 0; tries < 100; tries += 1) {
      const { stdout } = await box.run('sh', ['-c', 'ls /proc | grep -cE "^[0-9]+$"'], { check: true });
      if (Number(stdout) < 8) return;
    }
    assert.fail('they are there still');
  });

  test('bombs: the command ends within its time, with all that it has forked', async () => {
    await using box = await new Container().rlimits({ nproc: 200 }).user(4321).start();
    const { reason } = await box.run('sh', ['-c', 'f() { f | f & }; f; sleep 1000'], { timeout: 300 });
    assert.equal(reason, 'timeout');
  });
});

test('thousands in a row leave nothing', async () => {
  await using box = await new Container().start();
  for (let time = 0; time < 10 * TIMES; time += 1) assert.equal((await box.run('true')).exitCode, 0);
});

test('a container that ends while commands enter: each runs, is ended with it, or comes too late', async () => {
  for (let time = 0; time < TIMES; time += 1) {
    const box = await new Container().start();
    const commands = Array.from({ length: 8 }, () =>
      box.run('true').then(
        ({ reason }) => reason,
        (error: { readonly code?: string }) => error.code,
      ),
    );
    setTimeout(() => box.kill('SIGKILL'), time);
    const ends = await Promise.all(commands);
    assert.deepEqual(
      ends.filter((end) => !['exited', 'container-ended', 'ERR_ENDED'].includes(String(end))),
      [],
    );
    assert.equal((await box.result).reason, 'killed');
  }
});
