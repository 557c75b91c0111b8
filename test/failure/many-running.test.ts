/** Many commands in one container that stays, and many such containers, leave nothing behind. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { memoryHeld } from '../support/memory.js';
import { descendants } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const ROW = process.env.CARREL_SOAK === undefined ? 400 : 5000;
const AT_ONCE = 100;
const CONTAINERS = process.env.CARREL_SOAK === undefined ? 100 : 1000;

/** What this process has, and what its launcher, supervisors and inits have, but for a spare, which comes and goes. */
function held(): { readonly descriptors: number; readonly helpers: readonly string[] } {
  const helpers = descendants(process.pid).filter(({ comm }) => /^carrel(-init)?$/.test(comm));
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    helpers: helpers.map(({ pid, comm }) => `${comm} ${pid}: ${descriptorsOf(pid)}, ${memoryOf(pid)}`).sort(),
  };
}

/** Of others only root may know: the helpers are not dumpable. */
function descriptorsOf(pid: number): string {
  try {
    return `${readdirSync(`/proc/${pid}/fd`).length} descriptors`;
  } catch {
    return 'unknown';
  }
}

/** What it has of its own, in a status that everybody may read. proc(5) */
function memoryOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^RssAnon:\s*(.*)$/m.exec(status)?.[1] ?? 'unknown';
  } catch {
    return 'gone';
  }
}

async function row(box: RunningContainer, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const { exitCode } = await box.run('sh', ['-c', `exit ${index % 7}`]);
    assert.equal(exitCode, index % 7);
  }
}

/** Waits until it is the same for a while: the helpers of the last command are gone. */
async function settled(): Promise<void> {
  let last = '';
  await until(async () => {
    const now = JSON.stringify(held());
    const isSame = now === last;
    last = now;
    await sleep(100);
    return isSame;
  });
}

/** Waits until all is as it was. */
async function isAgain(before: ReturnType<typeof held>): Promise<void> {
  await until(() => JSON.stringify(held()) === JSON.stringify(before)).catch(() => assert.deepEqual(held(), before));
}

test(`${ROW} commands in a row: no process, no descriptor, no memory is left of them`, async (context) => {
  await using box = await new Container().start();
  await row(box, 100);
  await settled();
  const [before, heap] = [held(), memoryHeld().heapUsed];
  await row(box, ROW);
  await isAgain(before);
  const grown = memoryHeld().heapUsed - heap;
  context.diagnostic(`the heap has grown by ${grown} bytes; ${before.helpers.join('; ')}`);
  assert.ok(grown < 2_000_000, `the heap has grown by ${grown} bytes`);
});

test(`${AT_ONCE} commands at once, each with its own output, and again`, async () => {
  await using box = await new Container().start();
  const all = async (): Promise<void> => {
    const results = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => box.run('echo', [String(index)])));
    for (const [index, { stdout, ok }] of results.entries()) assert.deepEqual([stdout, ok], [`${index}\n`, true]);
  };
  await all();
  await row(box, 10);
  await settled();
  const before = held();
  await all();
  await isAgain(before);
});

test(`${CONTAINERS} that stay, each with files: all are gone when they have ended`, async () => {
  const before = held();
  const boxes: RunningContainer[] = [];
  for (let index = 0; index < CONTAINERS; index += 1) {
    const box = await new Container().start();
    await box.files.writeFile('/tmp/name', String(index));
    boxes.push(box);
  }
  for (const [index, box] of boxes.entries())
    assert.equal(await box.files.readFile('/tmp/name', 'utf8'), String(index));
  const ends = await Promise.all(boxes.map((box) => box.stop({ grace: 0 })));
  assert.deepEqual([...new Set(ends.map(({ reason }) => reason))], ['exited']);
  await until(() => held().helpers.length <= before.helpers.length);
  await until(() => held().descriptors <= before.descriptors);
});
