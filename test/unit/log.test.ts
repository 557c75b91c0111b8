/** A log keeps the last bytes of two streams in their order, and whoever reads it knows what is missing. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Log, type OutputStream } from '#lib/running/log.js';
import { type LogStream, openLog } from '#lib/running/log-stream.js';
import { errorOf } from '../support/errors.js';
import { generator } from '../support/random.js';

const bytes = (text: string): Buffer => Buffer.from(text);

/** Reads what a stream has at the moment. */
async function readAll(stream: LogStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

test('what came comes in its order, both streams or one', async () => {
  const log = new Log(1000);
  log.append('stdout', bytes('a'));
  log.append('stderr', bytes('B'));
  log.append('stderr', bytes('C'));
  log.append('stdout', bytes('d'));
  assert.equal(await readAll(openLog(log)), 'aBCd');
  assert.equal(await readAll(openLog(log, { stream: 'stdout' })), 'ad');
  assert.equal(await readAll(openLog(log, { stream: 'stderr' })), 'BC');
});

test('of one stream exactly the last bytes are kept, however they came', async () => {
  for (const size of [1, 7, 64, 100, 101, 4096, 250_000]) {
    const log = new Log(100);
    const all = Buffer.alloc(250_000, 'abcdefghijklmnopqrstuvwxyz');
    for (let at = 0; at < all.length; at += size) log.append('stdout', all.subarray(at, at + size));
    const stream = openLog(log);
    assert.equal(await readAll(stream), all.subarray(-100).toString(), `pieces of ${size}`);
    assert.equal(stream.missedBytes, all.length - 100);
    assert.equal(log.tail(5).toString(), all.subarray(-5).toString());
  }
});

test('compared with all that came, whatever came and is read how', () => {
  const random = generator(20261130);
  for (let round = 0; round < 300; round += 1) {
    const most = 1 + random.below(300);
    const log = new Log(most);
    const all: { readonly stream: OutputStream; readonly byte: number }[] = [];
    for (let count = random.below(80); count > 0; count -= 1) {
      const stream = random.pick(['stdout', 'stderr'] as const);
      const piece = Buffer.from(
        Array.from({ length: random.below(random.pick([3, 40, 700])) }, () => random.below(256)),
      );
      log.append(stream, piece);
      for (const byte of piece) all.push({ stream, byte });
    }
    const kept = all.slice(log.first);
    const changes = kept.filter(({ stream }, index) => index > 0 && kept[index - 1]?.stream !== stream).length;
    assert.ok(kept.length + 8 * changes <= most, 'no more than the bound');
    const whole = log.first === 0 || kept.length + 8 * (changes + 1) >= most - 8;
    assert.ok(whole, 'no less than the bound');
    for (const stream of [undefined, 'stdout', 'stderr'] as const) {
      const expected = kept.filter((one) => stream === undefined || one.stream === stream).map(({ byte }) => byte);
      const pieces: Buffer[] = [];
      for (let at = log.first; at < log.written; ) {
        const { bytes: piece, next } = log.read(at, stream, 1 + random.below(50));
        pieces.push(piece);
        assert.ok(next > at);
        at = next;
      }
      assert.deepEqual([...Buffer.concat(pieces)], expected);
      assert.equal(log.total(stream) - log.dropped(stream), expected.length);
    }
    const replayed: number[] = [];
    log.replay({ written: (_, piece) => replayed.push(...piece), ended: () => {} });
    assert.deepEqual(
      replayed,
      kept.map(({ byte }) => byte),
    );
  }
});

test('many changes of the stream count: the bound holds for what they take', () => {
  const log = new Log(65_536);
  for (let i = 0; i < 1_000_000; i += 1) log.append(i % 2 === 0 ? 'stdout' : 'stderr', bytes('x'));
  const kept = log.written - log.first;
  assert.ok(kept * 9 <= 65_536 + 9 && kept * 9 > 65_000, String(kept));
});

describe('follow', () => {
  test('goes on with what comes, to the end', async () => {
    const log = new Log(1000);
    log.append('stdout', bytes('before '));
    const all = readAll(openLog(log, { follow: true }));
    const out = readAll(openLog(log, { follow: true, stream: 'stdout' }));
    for (const piece of ['one ', 'two ', 'three']) {
      await new Promise(setImmediate);
      log.append('stdout', bytes(piece));
      log.append('stderr', bytes('!'));
    }
    log.end();
    assert.equal(await all, 'before one !two !three!');
    assert.equal(await out, 'before one two three');
    assert.equal(await readAll(openLog(log, { follow: true })), 'before one !two !three!');
  });

  test('without it, what has come until the call, even where more comes meanwhile', async () => {
    const log = new Log(1000);
    log.append('stdout', bytes('early'));
    const stream = openLog(log);
    log.append('stdout', bytes(' late'));
    assert.equal(await readAll(stream), 'early');
    assert.equal(await readAll(openLog(new Log(10))), '');
  });

  test('who is too slow misses what was dropped, and is told how much', async () => {
    const log = new Log(1000);
    const stream = openLog(log, { follow: true });
    const told: number[] = [];
    stream.on('missed', (missed: number) => told.push(missed));
    log.append('stdout', Buffer.alloc(300, 'a'));
    assert.equal(String(await once(stream, 'readable').then(() => stream.read(300))), 'a'.repeat(300));
    log.append('stdout', Buffer.alloc(500_000, 'b'));
    log.append('stdout', bytes('end'));
    log.end();
    const rest = await readAll(stream);
    // What the stream had taken over before, it has.
    assert.ok(rest.endsWith('bbbend') && /^b+end$/.test(rest));
    assert.equal(300 + rest.length + stream.missedBytes, 500_303);
    assert.deepEqual(told.at(-1), stream.missedBytes);
  });

  test('a slow reader of one stream counts that stream alone', async () => {
    const log = new Log(100);
    for (let i = 0; i < 1000; i += 1) {
      log.append('stdout', bytes('o'));
      log.append('stderr', bytes('eee'));
    }
    log.end();
    const [out, err] = [openLog(log, { stream: 'stdout' }), openLog(log, { stream: 'stderr', follow: true })];
    assert.equal((await readAll(out)).length + out.missedBytes, 1000);
    assert.equal((await readAll(err)).length + err.missedBytes, 3000);
  });

  test('what was to be read is dropped before it is read: an end, and the number', async () => {
    const log = new Log(100);
    log.append('stdout', Buffer.alloc(80));
    const stream = openLog(log);
    log.append('stdout', Buffer.alloc(1000));
    assert.equal(await readAll(stream), '');
    assert.equal(stream.missedBytes, 80);
  });
});

test('a signal destroys the stream with its reason', async () => {
  const log = new Log(100);
  const controller = new AbortController();
  const reading = readAll(openLog(log, { follow: true, signal: controller.signal }));
  controller.abort(new Error('enough'));
  await assert.rejects(reading, { message: 'enough' });
  assert.equal(errorOf(() => openLog(log, { signal: controller.signal })).message, 'enough');
});

test('a stream that is destroyed hears of the log no more', async () => {
  const log = new Log(100);
  const stream = openLog(log, { follow: true });
  stream.resume();
  stream.destroy();
  await once(stream, 'close');
  log.append('stdout', bytes('x'));
  log.end();
  assert.equal(stream.destroyed, true);
});

test('wrong options are named', () => {
  const log = new Log(100);
  for (const [options, pattern] of [
    [{ folow: true }, /logs\(\) has no option "folow". Did you mean "follow"/],
    [{ follow: 1 }, /^follow/],
    [{ stream: 'stdin' }, /^stream/],
    [{ signal: {} }, /^signal/],
    [null, /^options/],
  ] as const)
    assert.match(errorOf(() => openLog(log, options as never)).message, pattern);
});
