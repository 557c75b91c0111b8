/** A worker thread that is terminated ends the containers that it started, and no others. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Container } from 'carrel';
import { ownerOf, readProcesses } from '../support/processes.js';
import { generator, type Random } from '../support/random.js';
import { until } from '../support/waiting.js';

// Without useCleanHost: Node reaps no child of a thread that is gone, so the launcher of each stays as a zombie, as
// with child_process.
function held(): readonly unknown[] {
  return [alive(), readdirSync('/proc/self/fd').length];
}

/** A launcher's spare comes and goes with it. */
function alive(): number {
  const table = readProcesses();
  const counts = (pid: number, comm: string, state: string): boolean =>
    state !== 'Z' && comm !== 'carrel-spare' && ownerOf(pid, table) === 'own';
  return [...table.values()].filter(({ pid, comm, state }) => counts(pid, comm, state)).length;
}

const box = new Container();
const seed = Number(process.env.CARREL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = process.env.CARREL_SOAK === undefined ? 15 : 100;

/** A thread that has containers of its own, of each kind, which run for ever. */
async function startWorker(): Promise<Worker> {
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('carrel'))}).then(async ({ Container }) => {
      const box = new Container();
      const child = box.spawn('sleep', ['9999'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
      const started = new Promise((resolve) => child.once('spawn', resolve));
      const stays = await box.start();
      await stays.files.writeFile('/tmp/x', '');
      void box.run('sh', ['-c', 'sleep 0.01; exec sleep 9999'], { collect: ['/tmp/x'] });
      await started;
      parentPort.postMessage('running');
      await child.result;
    });`;
  const worker = new Worker(source, { eval: true, execArgv: [] });
  await once(worker, 'message');
  return worker;
}

suite(`threads, CARREL_SEED=${seed}`, () => {
  test('what a terminated thread has started ends, what another has goes on', async () => {
    const random = generator(seed);
    await box.run('true');
    // The first thread starts what Node keeps for the next.
    await (await startWorker()).terminate();
    // All that is left is this thread's launcher.
    await until(() => alive() === 1);
    assert.equal(alive(), 1);
    const before = held();
    await run(random);
    await until(() => String(held()) === String(before));
    assert.deepEqual(held(), before);
  });

  async function run(random: Random): Promise<void> {
    await using own = box.spawn('cat', [], { stdio: ['pipe', 'ignore', 'inherit'] });
    await once(own, 'spawn');
    for (let round = 0; round < ROUNDS; round += 1) {
      const worker = await startWorker();
      await sleep(random.below(10));
      await worker.terminate();
      assert.equal(own.exitCode ?? own.signalCode, null);
      assert.equal((await box.run('true')).exitCode, 0);
    }
    own.stdin?.end();
    assert.equal((await own.result).exitCode, 0);
  }
});
