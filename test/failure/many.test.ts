/** Many containers, at once or in a row, leave nothing behind and miss no exit. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { memoryHeld } from '../support/memory.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

test('64 at once, each with its own output', async () => {
  const results = await Promise.all(Array.from({ length: 64 }, (_, index) => box.run('echo', [String(index)])));
  for (const [index, { stdout, ok }] of results.entries()) assert.deepEqual([stdout, ok], [`${index}\n`, true]);
});

const ROW = Number(process.env.CARREL_SOAK ?? 300);

test(`${ROW} in a row leave no descriptor, mount or memory behind`, async (context) => {
  const round = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const { exitCode } = await box.run('sh', ['-c', `exit ${index % 7}`]);
      assert.equal(exitCode, index % 7);
    }
  };
  await round(100);
  const [before, heap] = [await descriptors(), memoryHeld().heapUsed];
  await round(ROW);
  assert.equal(await descriptors(), before);
  const grown = memoryHeld().heapUsed - heap;
  context.diagnostic(`${before} descriptors, the heap has grown by ${grown} bytes`);
  assert.ok(grown < 2_000_000, `the heap has grown by ${grown} bytes`);
});

/** Once Node has closed those of the last command, which it does after its end is told. */
async function descriptors(): Promise<number> {
  await box.run('true');
  await sleep(50);
  return readdirSync('/proc/self/fd').length;
}

const CONTAINERS = process.env.CARREL_SOAK === undefined ? 200 : 1000;

test(`${CONTAINERS} beside 1,000 of child_process, each exit is seen once`, async () => {
  const codes: number[] = [];
  const ordinary = Array.from({ length: 10 }, async (_, lane) => {
    for (let index = lane * 100; index < lane * 100 + 100; index += 1) {
      const child = spawn('sh', ['-c', `exit ${index % 100}`], { stdio: 'ignore' });
      child.on('exit', (code) => codes.push(lane * 100 + (code ?? -1000)));
      await once(child, 'close');
    }
  });
  const ends = Array.from({ length: CONTAINERS }, () => 0);
  const contained = Array.from({ length: 10 }, async (_, lane) => {
    for (let index = lane; index < CONTAINERS; index += 10) {
      const child = box.spawn('sh', ['-c', `exit ${index % 100}`], { stdio: 'ignore' });
      child.on('exit', (code) => {
        ends[index] = (ends[index] ?? 0) + (code === index % 100 ? 1 : 1000);
      });
      await child.result;
    }
  });
  await Promise.all([...ordinary, ...contained]);
  assert.deepEqual(
    codes.sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, index) => index),
  );
  assert.deepEqual(
    ends,
    Array.from({ length: CONTAINERS }, () => 1),
  );
});
