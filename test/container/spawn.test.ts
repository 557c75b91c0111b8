/** `spawn()` gives a process with the streams, events and signals of Node's `child_process`. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('stdio', () => {
  test('pipes are streams, what is ignored is null and /dev/null', async () => {
    const child = box.spawn('sh', ['-c', 'cat; echo err >&2'], { stdio: ['ignore', 'pipe', 'ignore'] });
    assert.deepEqual([child.stdin, child.stderr], [null, null]);
    assert.deepEqual(child.stdio, [null, child.stdout, null]);
    assert.deepEqual(await child.stdout?.toArray(), []);
    assert.equal((await child.result).exitCode, 0);
  });

  test('a descriptor of the caller is used as it is', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'spawn-'));
    const path = join(directory, 'out');
    const descriptor = openSync(path, 'w');
    const child = box.spawn('sh', ['-c', 'echo out; echo err >&2'], {
      stdio: ['ignore', descriptor, { fd: descriptor }],
    });
    await child.result;
    closeSync(descriptor);
    assert.equal(readFileSync(path, 'utf8'), 'out\nerr\n');
    removeTree(directory);
  });

  test('output waits until it is read', async () => {
    const child = box.spawn('sh', ['-c', 'echo early; echo late >&2']);
    await child.result;
    await sleep(20);
    assert.equal(Buffer.concat((await child.stdout?.toArray()) ?? []).toString(), 'early\n');
    assert.equal(Buffer.concat((await child.stderr?.toArray()) ?? []).toString(), 'late\n');
  });
});

suite('events', () => {
  test('spawn, exit, close; the pid is known from spawn on', async () => {
    await using child = box.spawn('sh', ['-c', 'read line; exit 3']);
    const events: string[] = [];
    for (const name of ['spawn', 'error', 'exit', 'close'] as const) child.on(name, () => events.push(name));
    assert.equal(child.pid, undefined);
    await once(child, 'spawn');
    // It may be within execve(2) still: nothing is refused there any more, and the kernel notes the words last.
    const words = await until(() => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8') || undefined);
    assert.match(words, /^sh\0-c\0/);
    assert.deepEqual([child.exitCode, child.signalCode, child.killed], [null, null, false]);
    child.stdin?.end();
    assert.deepEqual(await once(child, 'close'), [3, null]);
    assert.deepEqual(events, ['spawn', 'exit', 'close']);
    assert.deepEqual([child.exitCode, child.signalCode], [3, null]);
    assert.deepEqual([child.spawnfile, child.spawnargs], ['sh', ['sh', '-c', 'read line; exit 3']]);
  });

  test('spawn comes before anything that the command says, however early that is', async () => {
    for (let round = 0; round < 10; round += 1) {
      const children = Array.from({ length: 16 }, () =>
        box.spawn('echo', ['early'], { stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      const orders = children.map(async (child) => {
        const seen: string[] = [];
        child.on('spawn', () => seen.push('spawn'));
        child.stdout?.on('data', () => seen.push(`data of ${child.pid === undefined ? 'nobody' : 'a process'}`));
        await once(child, 'close');
        return seen;
      });
      for (const seen of await Promise.all(orders)) assert.deepEqual(seen, ['spawn', 'data of a process']);
    }
  });

  test('what is killed before it runs has streams that end', async () => {
    const child = box.spawn('cat');
    child.kill('SIGKILL');
    assert.deepEqual(await child.stdout?.toArray(), []);
    assert.equal((await child.result).signal, 'SIGKILL');
  });

  test('close waits for the streams', async () => {
    const child = box.spawn('sh', ['-c', 'echo out']);
    const events: string[] = [];
    child.on('exit', () => events.push('exit'));
    child.on('close', () => events.push('close'));
    child.stdout?.on('end', () => events.push('end'));
    child.stdout?.pause();
    await child.result;
    await sleep(20);
    assert.deepEqual(events, ['exit']);
    child.stdout?.resume();
    await once(child, 'close');
    assert.deepEqual(events, ['exit', 'end', 'close']);
  });

  test('stderr and stdout of a waiting command arrive as they come', async () => {
    const child = box.spawn('sh', ['-c', 'read a; echo got $a; read b; echo got $b >&2']);
    child.stdin?.write('one\n');
    assert.equal(String((await once(child.stdout ?? child, 'data'))[0]), 'got one\n');
    child.stdin?.write('two\n');
    assert.equal(String((await once(child.stderr ?? child, 'data'))[0]), 'got two\n');
    await once(child, 'close');
  });
});

suite('kill()', () => {
  test('sends SIGTERM by default, and says whether it was there', async () => {
    const child = box.spawn('sleep', ['9999']);
    await once(child, 'spawn');
    assert.equal(child.kill(0), true);
    assert.equal(child.killed, false);
    assert.equal(child.kill(), true);
    assert.equal(child.killed, true);
    const { signal, reason, ok } = await child.result;
    assert.deepEqual([signal, reason, ok], ['SIGTERM', 'killed', false]);
    assert.deepEqual([child.kill(), child.kill(0), child.signalCode], [false, false, 'SIGTERM']);
  });

  test('before it runs, a signal is kept until it does', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT'] as const) {
      const child = box.spawn('sleep', ['9999']);
      assert.equal(child.kill(signal), true);
      assert.equal((await child.result).signal, signal);
    }
  });

  test('SIGKILL ends everything, also what ignores all signals', async () => {
    const child = box.spawn('sh', ['-c', 'trap "" TERM INT HUP; sleep 9999 & echo ready; wait']);
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    child.kill('SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
  });

  test('an unknown signal throws', async () => {
    const child = box.spawn('cat');
    assert.throws(() => child.kill('SIGNOT' as NodeJS.Signals), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => child.kill(65), { code: 'ERR_OUT_OF_RANGE' });
    child.stdin?.end();
    assert.equal((await child.result).exitCode, 0);
  });

  test('await using ends it', async () => {
    const child = box.spawn('sleep', ['9999']);
    await once(child, 'spawn');
    await child[Symbol.asyncDispose]();
    assert.equal(child.signalCode, 'SIGKILL');
  });
});

test('resize() without a terminal is false', async () => {
  const child = box.spawn('cat');
  assert.equal(child.resize(100, 40), false);
  child.stdin?.end();
  await child.result;
});
