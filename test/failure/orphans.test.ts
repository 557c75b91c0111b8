/** SIGKILL of a supervisor leaves nobody of its container, whatever the command did. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type ContainerProcess } from 'carrel';
import { clingers, scatter } from '../support/clinger.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { ancestors, haveEnded, signalOne } from '../support/processes.js';
import { requires } from '../support/requires.js';

const box = new Container();
/** Who has no init that ends with the supervisor. */
const KINDS: Readonly<Record<string, Container>> = {
  'as PID 1 itself': box.init(false),
  'without a pid namespace': box.namespaces(['user', 'mount', 'network', 'ipc', 'uts', 'cgroup']),
};

useCleanHost({ warmUp: () => box.run('true') });

/** From the command to its launcher. */
function above(child: ContainerProcess): readonly number[] {
  return ancestors(child.pid ?? 0, process.pid);
}

async function endsWithin(child: ContainerProcess, milliseconds: number): Promise<void> {
  const killed = performance.now();
  assert.equal((await child.result).signal, 'SIGKILL');
  assert.deepEqual(clingers(), [], 'Node is told when nobody is left');
  assert.ok(performance.now() - killed < milliseconds, `${performance.now() - killed} ms`);
}

// At first, when no spare has one.
test('a container with an init has no guard', async () => {
  const child = box.spawn('cat');
  await once(child, 'spawn');
  assert.equal(above(child).length, 4, 'command, init, supervisor, launcher');
  child.stdin?.end();
  await child.result;
});

suite('SIGKILL of the supervisor of a command that clears PR_SET_PDEATHSIG', requires('gcc'), () => {
  for (const [kind, like] of Object.entries(KINDS)) {
    test(`${kind}: nobody is left`, async () => {
      // With a spare, and without.
      for (const pause of [0, 50, 50, 0]) {
        await sleep(pause);
        const child = await scatter(like);
        signalOne(above(child)[1], 'SIGKILL');
        await endsWithin(child, 1000);
      }
    });

    test(`${kind}, behind the guard’s death: the supervisor ends what is left`, async () => {
      const child = await scatter(like);
      const [, , guard = 0] = above(child);
      process.kill(guard, 'SIGKILL');
      await haveEnded(guard);
      child.kill('SIGKILL');
      await endsWithin(child, 1000);
    });
  }

  test(
    'whom the guard cannot end: the ids stay held, and Node is told all the same',
    requires('root', 'strace'),
    async () => {
      const child = await scatter(box.init(false));
      const [, supervisor = 0, guard = 0] = above(child);
      const first = readFileSync(`/proc/${child.pid}/uid_map`, 'utf8').trim().split(/\s+/)[1];
      const isFree = (): boolean => spawnSync('flock', ['-n', `/run/carrel-ids/${first}`, 'true']).status === 0;
      const enough = await inject(guard, 'kill', { error: 'EPERM', when: '1+' });
      process.kill(supervisor, 'SIGKILL');
      // Who reads to the end waits for it.
      child.stdout?.destroy();
      assert.equal((await child.result).signal, 'SIGKILL');
      assert.equal(clingers().length, 4);
      assert.equal(isFree(), false);
      await enough();
      await haveEnded(...clingers(), guard);
      assert.equal(isFree(), true);
    },
  );
});
