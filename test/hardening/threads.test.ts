/**
 * PR_SET_PDEATHSIG belongs to the thread that forked: one thread ends, and another goes on.
 *
 * prctl(2)
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { type CallerResult, runCaller } from '../support/caller.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/**
 * A worker that runs a command and ends. Meanwhile the main thread opens so many files that it gets each number that
 * the worker has closed. Prints which of them are closed then, what Node warns of, and the command's output.
 */
const besideFiles = (box: string, prefix: readonly string[] = []): Promise<CallerResult> =>
  runCaller(
    `
    const { Worker } = await import('node:worker_threads');
    const { fstatSync, openSync } = await import('node:fs');
    const { once } = await import('node:events');
    const source = \`
      const { parentPort } = require('node:worker_threads');
      const warnings = [];
      process.on('warning', ({ message }) => warnings.push(message));
      import('carrel').then(async ({ Container }) => {
        const said = await ${box}.run('id', ['-u']).then(({ stdout }) => stdout.trim(), ({ code }) => code);
        setImmediate(() => parentPort.postMessage({ said, warnings }));
        setInterval(() => {}, 1000);
      });\`;
    const worker = new Worker(source, { eval: true, execArgv: [] });
    const [{ said, warnings }] = await once(worker, 'message');
    const opened = Array.from({ length: 100 }, () => openSync('/dev/null'));
    await worker.terminate();
    const closed = opened.filter((descriptor) => {
      try { return fstatSync(descriptor) === undefined; } catch { return true; }
    });
    process.stdout.write(JSON.stringify({ said, warnings, closed }));
    process.exit();`,
    { prefix },
  );

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
      const { stdout, stderr, code, signal } = await inWorker(end);
      assert.deepEqual([code, signal], [0, null], stderr);
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

test('run() in a thread comes to its end, also where the command was faster than who reads it', async () => {
  const { stdout, stderr } = await runCaller(`
    const { Worker } = await import('node:worker_threads');
    const source = \`
      const { parentPort } = require('node:worker_threads');
      import('carrel').then(async ({ Container }) => {
        const codes = [];
        for (let round = 0; round < 40; round += 1) codes.push((await new Container().run('true')).exitCode);
        parentPort.postMessage(codes.length);
      });\`;
    const worker = new Worker(source, { eval: true, execArgv: [] });
    const said = await new Promise((resolve) => {
      worker.once('message', resolve);
      worker.once('exit', () => resolve('it ended before'));
    });
    process.stdout.write(JSON.stringify(said));`);
  assert.equal(stdout, '40', stderr);
});

suite('a thread that ends closes what it has opened, and nothing of another thread', requires('busybox'), () => {
  for (const [what, box, prefix, said] of [
    ['of a plain container', 'new Container()', () => [], '0'],
    ['where openat2 is refused', 'new Container()', () => deny('EAGAIN', 'openat2'), 'EAGAIN'],
    [
      'of a user whose name is read from the root filesystem',
      () => `new Container().rootfs(${JSON.stringify(busyboxRoot())}).user('root')`,
      () => [],
      '0',
    ],
  ] as const) {
    test(what, async () => {
      const { stdout, stderr, code, signal } = await besideFiles(typeof box === 'string' ? box : box(), prefix());
      assert.deepEqual([code, signal], [0, null], stderr);
      assert.deepEqual(JSON.parse(stdout), { said, warnings: [], closed: [] });
    });
  }
});
