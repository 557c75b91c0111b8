/** Descriptors beyond the standard three reach the command under the numbers that the caller chose. */

import assert from 'node:assert/strict';
import { spawn as spawnBare } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

async function text(stream: Duplex | null | undefined): Promise<string> {
  assert.ok(stream);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

suite('descriptors beyond the standard three', () => {
  test('a pipe goes both ways, as child_process has it', async () => {
    const args = ['-c', 'read line <&3; echo "got $line" >&3; echo done'];
    const stdio = ['ignore', 'pipe', 'inherit', 'pipe'] as const;
    for (const start of [() => box.spawn('sh', args, { stdio }), () => spawnBare('sh', args, { stdio: [...stdio] })]) {
      const child = start();
      const extra = child.stdio[3] as Duplex;
      extra.write('hello\n');
      assert.equal(await text(child.stdout as Duplex), 'done\n');
      assert.equal(await text(extra), 'got hello\n');
      extra.destroy();
      await once(child, 'close');
    }
  });

  test('a descriptor of the caller’s keeps its number, what is between is /dev/null, no other is open', async () => {
    const descriptor = openSync(fileURLToPath(import.meta.url), 'r');
    try {
      const child = box.spawn(
        'sh',
        ['-c', 'head -c 6 <&5; echo; readlink /proc/self/fd/3 /proc/self/fd/4; ls /proc/$$/fd'],
        {
          stdio: ['ignore', 'pipe', 'inherit', 'ignore', undefined, descriptor],
        },
      );
      assert.equal(await text(child.stdout as Duplex), '/** De\n/dev/null\n/dev/null\n0\n1\n2\n3\n4\n5\n');
      assert.deepEqual(
        child.stdio.map((stream) => stream !== null),
        [false, true, false, false, false, false],
      );
      await child.result;
    } finally {
      closeSync(descriptor);
    }
  });

  test('without them, the command has three', async () => {
    const { stdout } = await box.run('sh', ['-c', 'ls /proc/$$/fd'], { check: true });
    assert.equal(stdout, '0\n1\n2\n');
  });

  test('many at once', async () => {
    const count = 64;
    const child = box.spawn('sh', ['-c', 'ls /proc/self/fd | wc -l'], {
      stdio: ['ignore', 'pipe', 'inherit', ...Array.from({ length: count }, () => 'pipe' as const)],
    });
    // The directory that is read is one more.
    assert.equal(Number(await text(child.stdout as Duplex)), 3 + count + 1);
    for (const stream of child.stdio) stream?.destroy();
    await child.result;
  });

  test('bad entries are named', () => {
    for (const [stdio, code, message] of [
      [['pipe', 'pipe', 'pipe', 'ipc'], 'ERR_INVALID_ARG_VALUE', /^stdio\[3\]/],
      [['pipe', 'pipe', 'pipe', -1], 'ERR_OUT_OF_RANGE', /^stdio\[3\]/],
      [Array.from({ length: 241 }, () => 'ignore'), 'ERR_OUT_OF_RANGE', /^stdio\.length must be at most 240/],
    ] as const) {
      assert.throws(() => box.spawn('true', [], { stdio: stdio as never }), { code, message });
    }
  });

  test('a descriptor that is not open is an error, and nothing is left', async () => {
    const child = box.spawn('true', [], { stdio: ['ignore', 'ignore', 'ignore', 9999] });
    await assert.rejects(child.result, /EBADF/);
    assert.ok(readFileSync('/proc/self/status').length > 0);
  });
});
