/**
 * Cgroups that others make and leave are no reason to find none.
 *
 * Version 1 is tried in any directory.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { BASE } from '#lib/cgroup/files.js';
import type { CgroupMount } from '#lib/cgroup/tree.js';
import { tryV1, tryV2 } from '#lib/cgroup/trial.js';
import { askCaller } from '../support/caller.js';
import { withDelegated } from '../support/delegated.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

async function withDirectory(act: (directory: string) => unknown): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'trial-'));
  await act(directory);
  // Fails where anything is left in it.
  rmdirSync(directory);
}

const treeAt = (path: string): CgroupMount => ({
  version: 1,
  path,
  root: '/',
  controllers: ['pids'],
  options: ['pids'],
});

suite('a trial of cgroups', () => {
  test('is not in the way of other threads', () =>
    withDirectory(async (directory) => {
      const thread = `
        const { workerData, parentPort } = require('node:worker_threads');
        import(${JSON.stringify(import.meta.resolve('#lib/cgroup/trial.js'))}).then(({ tryV1 }) => {
          const found = new Set();
          for (let round = 1; round <= 300; round += 1) {
            // Together.
            if (Atomics.add(workerData, 0, 1) === 2 * round - 1) Atomics.notify(workerData, 0);
            for (let come; (come = Atomics.load(workerData, 0)) < 2 * round; ) Atomics.wait(workerData, 0, come);
            for (const obstacle of tryV1(${JSON.stringify(treeAt(directory))}).obstacles) found.add(obstacle);
          }
          parentPort.postMessage([...found]);
        });`;
      const found = await askCaller(`
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        const workerData = new Int32Array(new SharedArrayBuffer(4));
        const start = () => new Worker(${JSON.stringify(thread)}, { eval: true, execArgv: [], workerData });
        const answers = await Promise.all([start(), start()].map((worker) => once(worker, 'message')));
        console.log(JSON.stringify(answers.flat(2)));`);
      assert.deepEqual(found, []);
    }));

  test('finds what a Node with the same process id has left, and removes it', () =>
    withDirectory((directory) => {
      for (let count = 1; count <= 100; count += 1)
        mkdirSync(join(directory, BASE, `trial-${process.pid}-${count}`), { recursive: true });
      assert.deepEqual(tryV1(treeAt(directory)).obstacles, []);
      assert.deepEqual(readdirSync(directory), []);
    }));

  test('with leftovers that are all that there may be', requires('root', 'cgroup2'), () =>
    withDelegated(async ({ directory }) => {
      mkdirSync(join(directory, BASE, 'left'), { recursive: true });
      writeFileSync(join(directory, 'cgroup.max.descendants'), '2');
      const { hierarchy, obstacles } = tryV2(directory);
      assert.deepEqual([hierarchy?.parent, obstacles], [directory, []]);
    }),
  );
});
