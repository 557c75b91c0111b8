/**
 * Whenever Node, or the thread that started it, ends right after a start: nothing of the container is left.
 *
 * PR_SET_PDEATHSIG belongs to the thread that forked, and a change of credentials clears it. prctl(2)
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { attempt } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const soak = process.env.CARREL_SOAK !== undefined;
const ROUNDS = soak ? 200 : 12;
const WITHIN_MS = 50;

/** Containers of each kind, all of which run this. */
const startAll = (mark: string): string => `
  const boxes = [new Container(), new Container().init(false), new Container().namespaces(['user', 'mount']),
    new Container().user('1:1')];
  const [box] = boxes.splice(Math.floor(Math.random() * boxes.length), 1);
  for (const one of [new Container(), box])
    one.spawn('sh', ['-c', 'sleep ${mark} & exec sleep ${mark}'], { stdio: 'ignore' }).result.catch(() => {});`;

/** Processes that have it among their arguments, but for those of `sh`, which is on its way to that. */
function runs(mark: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.includes(mark));
}

suite('right after a start', () => {
  test(`SIGKILL of Node, ${ROUNDS} times within ${WITHIN_MS} ms: no survivor`, async () => {
    let begun = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const mark = `9${process.pid}.${round}1`;
      const source = `import { Container } from 'carrel'; ${startAll(mark)} process.stdout.write('started');`;
      const caller = spawn(process.execPath, ['--input-type=module', '--eval', source], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(caller.stdout, 'data');
      await sleep((round * WITHIN_MS) / ROUNDS);
      begun += runs(mark).filter((pid) => Number(pid) !== caller.pid).length > 0 ? 1 : 0;
      caller.kill('SIGKILL');
      await once(caller, 'close');
      await until(() => runs(mark).length === 0);
    }
    assert.ok(begun > 0, 'no command ran: nothing was tried');
  });

  test('a worker that is terminated: no survivor, and the next thread starts', async () => {
    const rounds = soak ? 100 : 8;
    const mark = `8${process.pid}.1`;
    const { stdout, stderr, code, signal } = await runCaller(
      `
      const { Worker } = await import('node:worker_threads');
      const { once } = await import('node:events');
      const source = \`
        const { parentPort } = require('node:worker_threads');
        import('carrel').then(({ Container }) => {
          ${startAll(mark)}
          parentPort.postMessage('started');
          setInterval(() => {}, 1000);
        });\`;
      for (let round = 0; round < ${rounds}; round += 1) {
        const worker = new Worker(source, { eval: true, execArgv: [] });
        await once(worker, 'message');
        await new Promise((resolve) => setTimeout(resolve, round * ${WITHIN_MS / rounds}));
        await worker.terminate();
      }
      const { stdout } = await new Container().run('echo', ['next']);
      process.stdout.write(stdout);
      process.stdin.resume();`,
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    assert.deepEqual([stdout, code, signal], ['next\n', 0, null], stderr);
    await until(() => runs(mark).length === 0);
  });
});
