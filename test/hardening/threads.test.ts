/**
 * PR_SET_PDEATHSIG belongs to the thread that forked: one thread ends, and another goes on.
 *
 * prctl(2)
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { type CallerResult, runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { readProcesses } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A worker that starts a container, and says its command's pid; then `end` happens to the worker. */
const inWorker = (end: string): Promise<CallerResult> =>
  runCaller(`
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const source = \`
      const { parentPort } = require('node:worker_threads');
      import('carrel').then(async ({ Container }) => {
        const child = new Container().spawn('sleep', ['9999'], { stdio: 'ignore' });
        child.once('spawn', () => parentPort.postMessage(child.pid));
        setInterval(() => {}, 1000);
      });\`;
    const other = new Container().spawn('cat');
    await once(other, 'spawn');
    const pids = [];
    for (let round = 0; round < 5; round += 1) {
      const worker = new Worker(source, { eval: true, execArgv: [] });
      pids.push((await once(worker, 'message'))[0]);
      ${end}
    }
    // What another thread has started goes on.
    other.stdin.end('still there');
    const chunks = [];
    for await (const chunk of other.stdout) chunks.push(chunk);
    const output = Buffer.concat(chunks).toString();
    process.stdout.write(JSON.stringify({ pids, output, ok: (await other.result).ok }));
    process.exit();`);

suite('worker threads', () => {
  for (const [what, end] of [
    ['a thread that is terminated takes its containers with it, and no other', 'await worker.terminate();'],
    ['a thread that is still there when Node ends, too', ''],
  ] as const) {
    test(what, async () => {
      const { stdout, stderr, code } = await inWorker(end);
      assert.equal(code, 0, stderr);
      const { pids, output, ok } = JSON.parse(stdout) as { pids: number[]; output: string; ok: boolean };
      assert.deepEqual([pids.length, output, ok], [5, 'still there', true]);
      assert.ok(pids.every((pid) => pid > 0));
      await until(() => {
        const table = readProcesses();
        return pids.every((pid) => table.get(pid)?.comm !== 'sleep');
      });
    });
  }
});
