/** A result tells what was really used, held to programs that know what they use. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bind, Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

const MIB = 1024 * 1024;
const RUNS = 1000;
const AT_ONCE = 4;
let directory: string;
let box: Container;

suite('what is told', requires('cgroups', 'gcc'), () => {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'precision-'));
    chmodSync(directory, 0o755);
    const source = fileURLToPath(new URL('../../../test/support/loads.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-static', '-o', join(directory, 'loads'), source]);
    box = new Container().mount(bind(directory, '/tmp/programs', { readonly: true }));
  });
  after(() => removeTree(directory));
  useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

  const run = async (container: Container, ...args: readonly string[]) =>
    container.run('/tmp/programs/loads', args, { check: true });

  for (const [what, processes] of [
    ['one process', 1],
    ['all that it has started', 3],
  ] as const) {
    test(`CPU time of ${what}, within 2 %`, async (context) => {
      const { stdout, usage } = await run(box.limits({}), 'cpu', '800', String(processes));
      const known = Number(stdout);
      const { cpuMs = Number.NaN, userMs = Number.NaN, systemMs = Number.NaN } = usage;
      context.diagnostic(`${known} ms by the program, ${cpuMs} ms told`);
      assert.ok(Math.abs(cpuMs - known) <= known * 0.02, `${cpuMs} of ${known} ms`);
      assert.ok(Math.abs(userMs + systemMs - cpuMs) < 0.01);
    });
  }

  // How late the supervisor is woken is the machine's affair: where it is busy, the program goes on a little.
  test('a limit of CPU time', async (context) => {
    const told: number[] = [];
    while (told.length < 3 && !told.some((ms) => ms < 2000)) {
      const { usage, reason } = await box.limits({ cpuTime: 1000 }).run('/tmp/programs/loads', ['cpu', '60000', '2']);
      const { cpuMs = Number.NaN } = usage;
      context.diagnostic(`ended at ${cpuMs} ms of 1000`);
      assert.equal(reason, 'cpu-timeout');
      assert.ok(cpuMs >= 1000, `${cpuMs}`);
      told.push(cpuMs);
    }
    assert.ok(Math.min(...told) < 2000, `${told}`);
  });

  for (const mib of [1, 32, 200]) {
    test(`memory, ${mib} MiB, within 1 MiB`, async (context) => {
      const { stdout, usage } = await run(box.limits({}), 'memory', String(mib));
      const { peakMemoryBytes = 0 } = usage;
      context.diagnostic(`${stdout.trim()} bytes by the program, ${peakMemoryBytes} told`);
      assert.ok(Math.abs(peakMemoryBytes - mib * MIB) <= MIB, `${peakMemoryBytes}`);
    });
  }

  test('a limit of memory: what fits, fits, and 1 MiB more does not', async (context) => {
    const tight = box.limits({ memory: '33m' });
    const { usage } = await run(tight, 'memory', '32');
    const more = await tight.run('/tmp/programs/loads', ['memory', '34']);
    context.diagnostic(`32 MiB have taken ${usage.peakMemoryBytes}; 34 MiB: ${more.reason}`);
    assert.equal(more.reason, 'oom');
  });

  test('pause(), a hundred times, of who waits for children by vfork(2)', async () => {
    const child = box.limits({}).spawn('/tmp/programs/loads', ['vfork'], { stdio: 'ignore' });
    for (let time = 0; time < 100; time += 1) {
      await child.pause();
      assert.equal((await child.stats()).paused, true);
      await child.resume();
    }
    await child.stop({ grace: 0 });
  });

  test('set-up is not charged: a bare program in 8 MiB, and next to nothing told', async (context) => {
    const { usage } = await run(box.limits({ memory: '8m', pids: 1 }), 'memory', '1');
    context.diagnostic(`${usage.peakMemoryBytes} bytes, ${usage.cpuMs} ms`);
    assert.ok((usage.peakMemoryBytes ?? 0) <= 2 * MIB, `${usage.peakMemoryBytes}`);
  });

  test(`${RUNS} in a row do not drift`, async (context) => {
    const limited = box.limits({ memory: '8m', pids: 2, cpuTime: 1000 });
    const beyond: number[] = [];
    const peaks: number[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < RUNS; index = next++) {
        const { stdout, usage } = await run(limited, 'cpu', '2');
        beyond[index] = (usage.cpuMs ?? Number.NaN) - Number(stdout);
        peaks[index] = usage.peakMemoryBytes ?? Number.NaN;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const [first, last] = [beyond.slice(0, 100), beyond.slice(-100)].map(median);
    const [memoryFirst, memoryLast] = [peaks.slice(0, 100), peaks.slice(-100)].map(median);
    const ms = (value = Number.NaN): string => `${value.toFixed(3)} ms`;
    context.diagnostic(`beyond the program: ${ms(first)} at first, ${ms(last)} at last`);
    context.diagnostic(`memory: ${memoryFirst} at first, ${memoryLast} at last`);
    assert.ok(Math.abs((last ?? Number.NaN) - (first ?? Number.NaN)) <= 1, `${first} and ${last} ms`);
    assert.ok(Math.abs((memoryLast ?? Number.NaN) - (memoryFirst ?? Number.NaN)) <= MIB / 4);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
