/** Streams of a command hold back, end and fail as those of `child_process` do, whatever their size. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Container } from 'carrel';
import { observeBoth, testBoth } from '../support/both.js';
import { useCleanHost } from '../support/host.js';
import { readProcesses, signalOne } from '../support/processes.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

function there<Stream>(stream: Stream | null | undefined): Stream {
  assert.ok(stream);
  return stream;
}

async function text(stream: Readable | null | undefined): Promise<string> {
  return Buffer.concat(await there(stream).toArray()).toString();
}

suite('backpressure', () => {
  testBoth('who writes faster than Node reads is stopped by the pipe', async (spawn) => {
    const child = spawn('sh', ['-c', 'yes | head -c 8000000; echo done >&2']);
    let done = false;
    there(child.stderr).on('data', () => {
      done = true;
    });
    const stdout = there(child.stdout);
    // Buffer and pipe are full, and nobody reads: what is held stays the same from here on.
    while (stdout.readableLength < stdout.readableHighWaterMark) await turn();
    const held = stdout.readableLength;
    for (let count = 0; count < 100; count += 1) await turn();
    assert.equal(stdout.readableLength, held);
    assert.ok(held < 1_000_000, String(held));
    assert.equal(done, false);
    assert.equal((await text(stdout)).length, 8_000_000);
    await once(child as never, 'close');
    assert.equal(done, true);
  });

  testBoth('who writes faster than the command reads is told by write() and drain', async (spawn) => {
    const child = spawn('sh', ['-c', 'read go <&3; cat >/dev/null'], ['pipe', 'ignore', 'inherit', 'pipe']);
    const [stdin, gate] = [there(child.stdin), there(child.stdio[3])];
    let drained = false;
    stdin.once('drain', () => {
      drained = true;
    });
    const block = Buffer.alloc(100_000);
    let written = 0;
    while (stdin.write(block)) written += block.length;
    for (let count = 0; count < 100; count += 1) await turn();
    assert.deepEqual([drained, stdin.writableNeedDrain], [false, true]);
    assert.ok(written < 10_000_000, String(written));
    gate.write('go\n');
    await once(stdin, 'drain');
    stdin.end();
    await once(child as never, 'close');
    assert.equal(child.exitCode, 0);
  });
});

suite('1 GB', () => {
  // Elsewhere less: the way is the same one.
  const size = process.env.CARREL_TEST_LEG === 'root' ? 2 ** 30 : 2 ** 26;
  const block = Buffer.alloc(2 ** 20, 'carrel: all the bytes, in order, and none twice. ');

  /** Memory outside the heap, where buffers are. */
  function watchMemory(): () => number {
    const { arrayBuffers } = process.memoryUsage();
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - arrayBuffers);
    }, 10);
    return () => {
      clearInterval(timer);
      return most;
    };
  }

  async function feed(stdin: Writable): Promise<void> {
    for (let sent = 0; sent < size; sent += block.length) if (!stdin.write(block)) await once(stdin, 'drain');
    stdin.end();
  }

  test('through stdin and stdout, in order, in bounded memory', async () => {
    const watched = watchMemory();
    const child = box.spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [sum, expected] = [createHash('sha1'), createHash('sha1')];
    const feeding = feed(there(child.stdin));
    let received = 0;
    for await (const chunk of there(child.stdout)) {
      sum.update(chunk);
      received += chunk.length;
    }
    await feeding;
    for (let count = 0; count < size; count += block.length) expected.update(block);
    assert.equal(received, size);
    assert.equal(sum.digest('hex'), expected.digest('hex'));
    assert.equal((await child.result).exitCode, 0);
    const most = watched();
    assert.ok(most < 64 * 2 ** 20, `${most} bytes were held`);
  });
});

suite('half-close and early close', () => {
  testBoth('input that has ended leaves the output open', async (spawn) => {
    const child = spawn('sh', ['-c', 'cat; echo after']);
    there(child.stdin).end('before\n');
    assert.equal(await text(child.stdout), 'before\nafter\n');
    await once(child as never, 'close');
  });

  testBoth('a command that closes its stdout lives on', async (spawn) => {
    const child = spawn('sh', ['-c', 'echo out; exec >&-; read line; echo "got $line" >&2; exit 3']);
    assert.equal(await text(child.stdout), 'out\n');
    if (!there(child.stdout).closed) await once(there(child.stdout), 'close');
    assert.equal(child.exitCode, null);
    there(child.stdin).write('line\n');
    assert.equal(await text(child.stderr), 'got line\n');
    if (child.exitCode === null) await once(child as never, 'exit');
    assert.equal(child.exitCode, 3);
  });

  // With child_process it may as well be ECONNRESET, because its pipes are sockets. unix(7)
  test('a reader that goes away: SIGPIPE ends the writer, as in a shell', async () => {
    const child = box.spawn('yes');
    await once(there(child.stdout), 'data');
    there(child.stdout).destroy();
    assert.deepEqual(await once(child, 'close'), [null, 'SIGPIPE']);
  });

  test('EPIPE: who writes to a closed input gets the error that child_process gives', async () => {
    const { carrel, bare } = await observeBoth(async (spawn) => {
      const child = spawn('sh', ['-c', 'exec <&-; echo closed; read line <&3'], ['pipe', 'pipe', 'inherit', 'pipe']);
      const stdin = there(child.stdin);
      await once(there(child.stdout), 'data');
      const told = new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => stdin.write('lost', resolve));
      const [error] = (await once(stdin, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
      const { code, errno, syscall, message } = error;
      const seen = { code, errno, syscall, message, told: (await told)?.code, destroyed: stdin.destroyed };
      (child.stdio[3] as Duplex).end('\n');
      await once(child as never, 'close');
      return seen;
    });
    assert.equal(bare.code, 'EPIPE');
    assert.deepEqual(carrel, bare);
  });

  test('after the end: write() gives what child_process gives', async () => {
    const { carrel, bare } = await observeBoth(async (spawn) => {
      const child = spawn('true', []);
      const closed = once(child as never, 'close');
      await once(child as never, 'exit');
      const stdin = there(child.stdin);
      stdin.on('error', () => {});
      const error = await new Promise<NodeJS.ErrnoException | null | undefined>((done) => stdin.write('late', done));
      await closed;
      return [error?.code, error?.message, stdin.destroyed, stdin.writable];
    });
    assert.deepEqual(carrel, bare);
  });

  testBoth('a large write that nobody has read when the command ends', async (spawn) => {
    const child = spawn('true', []);
    const stdin = there(child.stdin);
    const codes: (string | undefined)[] = [];
    stdin.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
    stdin.write(Buffer.alloc(1_000_000));
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    await once(child as never, 'close');
    assert.ok(
      codes.every((code) => code === 'EPIPE' || code === 'ECONNRESET'),
      codes.join(),
    );
    assert.equal(child.exitCode, 0);
  });
});

suite('the end of the output', () => {
  testBoth('a grandchild that keeps stdout open keeps it open', async (spawn) => {
    const child = spawn(
      'sh',
      ['-c', '(read line <&3; echo "grandchild got $line") & exec <&- 3<&-; wait'],
      ['pipe', 'pipe', 'inherit', 'pipe'],
    );
    (child.stdio[3] as Duplex).end('line\n');
    assert.equal(await text(child.stdout), 'grandchild got line\n');
    await once(child as never, 'close');
  });

  test('one that stays behind ends with the container and the stream; with child_process it goes on', async () => {
    const child = box.spawn('sh', ['-c', 'sleep 9999 & echo begun']);
    assert.equal(await text(child.stdout), 'begun\n');
    assert.equal((await child.result).exitCode, 0);
  });

  testBoth('a parent that never reads: exit comes, and close where it is listened to', async (spawn) => {
    const child = spawn('sh', ['-c', 'head -c 50000 /dev/zero; echo error >&2; exit 4']);
    const events: string[] = [];
    child.on('exit', () => events.push('exit'));
    child.on('close', () => events.push('close'));
    await once(child as never, 'close');
    assert.deepEqual(events, ['exit', 'close']);
    assert.deepEqual([child.stdout?.closed, child.stderr?.closed, child.exitCode], [true, true, 4]);
  });

  test('listened to only afterwards, close comes as well', async () => {
    const child = box.spawn('sh', ['-c', 'head -c 50000 /dev/zero; echo error >&2; exit 4']);
    await child.result;
    for (let count = 0; count < 10; count += 1) await turn();
    assert.equal(child.stdout?.closed, false);
    assert.deepEqual(await once(child, 'close'), [4, null]);
    assert.deepEqual([child.stdout?.closed, child.stderr?.closed], [true, true]);
  });

  test('who begins to read when it has ended gets everything, though somebody waits for close', async () => {
    const child = box.spawn('seq', ['1', '10000']);
    const closed = once(child, 'close');
    await child.result;
    const [shown] = await Promise.all([text(child.stdout), closed]);
    assert.equal(shown, Array.from({ length: 10_000 }, (_, index) => `${index + 1}\n`).join(''));
  });

  testBoth('close waits for a stream beyond the standard three', async (spawn) => {
    const child = spawn('sh', ['-c', 'echo extra >&3'], ['ignore', 'ignore', 'inherit', 'pipe']);
    const extra = there(child.stdio[3]);
    const shown = text(extra);
    await once(child as never, 'close');
    assert.deepEqual([extra.closed, await shown], [true, 'extra\n']);
  });

  testBoth('lines, by for await', async (spawn) => {
    const child = spawn('seq', ['1', '3000'], ['ignore', 'pipe', 'inherit']);
    const lines: string[] = [];
    for await (const line of createInterface({ input: there(child.stdout) })) lines.push(line);
    assert.deepEqual(
      lines,
      Array.from({ length: 3000 }, (_, index) => String(index + 1)),
    );
    if (child.exitCode === null) await once(child as never, 'exit');
  });

  test('lines of a command that has ended before anybody asks for them', async () => {
    const child = box.spawn('seq', ['1', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await child.result;
    const lines: string[] = [];
    for await (const line of createInterface({ input: there(child.stdout) })) lines.push(line);
    assert.deepEqual(lines, ['1', '2', '3']);
  });

  test('the end of await using gives up what nobody reads, and lets be what somebody does', async () => {
    let reading: Promise<string>;
    let stderr: Readable | null;
    {
      await using child = box.spawn('sh', ['-c', 'echo out; echo err >&2; exec sleep 9999']);
      reading = text(child.stdout);
      stderr = child.stderr;
      await once(there(child.stdout), 'data');
    }
    assert.equal(await reading, 'out\n');
    assert.equal(stderr?.destroyed, true);
  });
});

suite('stop()', () => {
  test('SIGTERM is enough for who obeys it', async () => {
    const child = box.spawn('sh', [
      '-c',
      'trap "echo ending; exit 5" TERM; echo ready >&2; while :; do sleep 0.01; done',
    ]);
    const shown = text(child.stdout);
    await once(there(child.stderr), 'data');
    const { exitCode, reason } = await child.stop();
    assert.deepEqual([exitCode, reason], [5, 'exited']);
    assert.equal(await shown, 'ending\n');
  });

  test('SIGKILL for who does not, when the time of grace is over', async () => {
    const child = box.spawn('sh', ['-c', 'trap "echo no" TERM; echo ready >&2; while :; do sleep 0.01; done']);
    const shown = text(child.stdout);
    await once(there(child.stderr), 'data');
    child.kill('SIGTERM');
    await once(there(child.stdout), 'data');
    const { signal, reason, usage } = await child.stop({ grace: 200 });
    assert.deepEqual([signal, reason], ['SIGKILL', 'killed']);
    assert.ok(usage.wallMs >= 200, String(usage.wallMs));
    // Whether the second signal was answered in time is the machine's affair.
    assert.match(await shown, /^no\n(no\n)?$/);
  });

  test('without grace at once; before it runs, and when it is over', async () => {
    const child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
    assert.equal((await child.stop({ grace: 0 })).signal, 'SIGKILL');
    assert.equal((await child.stop()).signal, 'SIGKILL');
    const missing = box.spawn('no-such-program', [], { stdio: 'ignore' });
    await assert.rejects(missing.stop(), { code: 'ENOENT' });
  });

  // The order reaches nobody any more, and the status waits to be read.
  test('a signal that comes too late takes no status away', async () => {
    for (let round = 0; round < 10; round += 1) {
      const child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
      await once(child, 'spawn');
      const table = readProcesses();
      const init = table.get(child.pid ?? 0)?.parent ?? 0;
      const supervisor = table.get(init)?.parent ?? 0;
      signalOne(child.pid, 'SIGTERM');
      while (readProcesses().has(supervisor)) spawnSync('true');
      child.kill('SIGUSR1');
      assert.equal((await child.result).signal, 'SIGTERM');
    }
  });

  test('bad options throw', () => {
    const child = box.spawn('true', [], { stdio: 'ignore' });
    assert.throws(() => child.stop({ grace: -1 }), { code: 'ERR_OUT_OF_RANGE', message: /^grace/ });
    assert.throws(() => child.stop({ grace: '1s' as never }), { code: 'ERR_INVALID_ARG_TYPE', message: /^grace/ });
    assert.throws(() => child.stop({ grcae: 1 } as never), { message: /Did you mean "grace"/ });
    return child.result.then(() => {});
  });
});
