/** SIGKILL of a command, its init, its supervisor or Node ends the whole container. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type ContainerProcess } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { ancestors, descendants, haveEnded, readProcesses, signalOne } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

async function running(): Promise<ContainerProcess> {
  const child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

/** From the command to node: command, init, supervisor, launcher. */
function above(child: ContainerProcess): readonly number[] {
  const pids = ancestors(child.pid ?? 0, process.pid);
  assert.equal(pids.length, 4, pids.join());
  return pids;
}

suite('SIGKILL from outside', () => {
  test('of the command: a status', async () => {
    const child = await running();
    signalOne(child.pid, 'SIGKILL');
    const { signal, reason } = await child.result;
    assert.deepEqual([signal, reason], ['SIGKILL', 'signaled']);
  });

  test('of init: the whole container ends', async () => {
    const child = await running();
    const [command = 0, init = 0] = above(child);
    process.kill(init, 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    await haveEnded(command, init);
  });

  test('of the supervisor: the whole container ends', async () => {
    const child = await running();
    const pids = above(child);
    signalOne(pids[2], 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    await haveEnded(...pids.slice(0, 3));
  });
});

/** Runs containers until it is killed. */
const CALLER = `
  import { Container } from 'carrel';
  const box = new Container();
  for (let index = 0; index < 4; index += 1) box.spawn('sh', ['-c', 'sleep 9999 & sleep 9999'], { stdio: 'ignore' });
  for (;;) await box.run('true');
`;

test('SIGKILL of Node, at any moment: every process of its containers ends', async () => {
  for (let round = 0; round < 8; round += 1) {
    const caller = spawn(process.execPath, ['--input-type=module', '--eval', CALLER], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const seen = new Set<string>();
    const look = (): void => {
      for (const { pid, startTime } of descendants(caller.pid ?? 0)) seen.add(`${pid} ${startTime}`);
    };
    // From the first process of carrel's on, a little later in each round.
    await until(() => {
      look();
      return seen.size > 0;
    });
    await sleep(Math.random() * 25 * round);
    look();
    caller.kill('SIGKILL');
    await once(caller, 'exit');
    await until(() => ![...readProcesses().values()].some(({ pid, startTime }) => seen.has(`${pid} ${startTime}`)));
  }
});
