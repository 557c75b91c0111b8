import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

test('64 at once, each with its own output', async () => {
  const results = await Promise.all(Array.from({ length: 64 }, (_, index) => box.run('echo', [String(index)])));
  for (const [index, { stdout, ok }] of results.entries()) assert.deepEqual([stdout, ok], [`${index}\n`, true]);
});

test('300 in a row leave no descriptor open', async () => {
  const before = await descriptors();
  for (let index = 0; index < 300; index += 1) {
    const { exitCode } = await box.run('sh', ['-c', `exit ${index % 7}`]);
    assert.equal(exitCode, index % 7);
  }
  assert.equal(await descriptors(), before);
});

/** Once Node has closed those of the last command, which it does after its end is told. */
async function descriptors(): Promise<number> {
  await box.run('true');
  await sleep(50);
  return readdirSync('/proc/self/fd').length;
}

test('beside 100 of child_process, each exit is seen once', async () => {
  const codes: number[] = [];
  const ordinary = Array.from({ length: 100 }, async (_, index) => {
    const child = spawn('sh', ['-c', `exit ${index}`], { stdio: 'ignore' });
    child.on('exit', (code) => codes.push(code ?? -1));
    await once(child, 'close');
  });
  const contained = Array.from({ length: 30 }, (_, index) => box.run('sh', ['-c', `exit ${index}`]));
  await Promise.all(ordinary);
  assert.deepEqual(
    codes.sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual(
    (await Promise.all(contained)).map(({ exitCode }) => exitCode),
    Array.from({ length: 30 }, (_, index) => index),
  );
});
