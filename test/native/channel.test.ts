/** The channel: what comes by it is told in turns, and what is no message ends it for all. */

import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Channel } from '#lib/launch/channel.js';
import { Lane } from '#lib/launch/lane.js';
import { native } from '#lib/launch/native.js';
import { encodeMessage } from '#lib/plan/message-bytes.js';
import type { MessageKind } from '#lib/plan/messages.js';
import { listen } from '../support/channel.js';

describe('the channel', () => {
  test('what is none ends the channel for all, with what stood before it heard', async () => {
    const channel = new Channel(new Lane());
    const got: MessageKind[] = [];
    const [number, ended] = listen(channel, ({ kind }) => got.push(kind));
    const others = [0, 1].map(() => listen(channel, ({ kind }) => got.push(kind))[1]);
    const oom = encodeMessage({ kind: 'oom', supervisor: number, kills: 1 });
    const order = encodeMessage({ kind: 'go', supervisor: number });
    writeSync(channel.theirs, Buffer.concat([oom, order, oom]));
    for (const error of await Promise.all([ended, ...others])) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ERR_PROTOCOL');
      assert.match(error?.message ?? '', /no message 4/);
    }
    assert.deepEqual(got, ['oom']);
    assert.ok(channel.isOver);
  });

  test('many at once leave others their turns', async () => {
    const channel = new Channel(new Lane());
    let told = 0;
    const [supervisor, ended] = listen(channel, () => {
      told += 1;
    });
    const oom = encodeMessage({ kind: 'oom', supervisor, kills: 1 });
    writeSync(
      channel.theirs,
      Buffer.concat([...Array<Buffer>(300).fill(oom), encodeMessage({ kind: 'gone', supervisor })]),
    );
    const seen = [0];
    let over = false;
    ended.then(() => {
      over = true;
    });
    while (!over) {
      await new Promise(setImmediate);
      seen.push(told);
    }
    assert.equal(told, 300);
    assert.ok(
      seen.every((now, turn) => now - (seen[turn - 1] ?? 0) <= 100),
      seen.join(),
    );
  });

  test('many orders of one turn are sent in several, all of them, each line’s in their order', async () => {
    const channel = new Channel(new Lane());
    const opened = Array.from({ length: 100 }, () => channel.open({ notice: () => {}, lineEnded: () => {} }));
    const sizes = opened.map(() => 0);
    const kinds: number[][] = opened.map(() => []);
    const look = (): number => {
      for (const [index, { theirs }] of opened.entries()) {
        const order = Buffer.alloc(24);
        while (native().tryReceive(theirs, order.subarray(0, 24)) !== undefined) {
          kinds[index]?.push(order.readUInt32LE(16));
          sizes[index] = (sizes[index] ?? 0) + 1;
        }
      }
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    for (const { line } of opened) for (const columns of [1, 2, 3]) line.send({ kind: 'resize', columns, rows: 1 });
    const seen = [look()];
    while (seen.at(-1) !== 300) {
      await new Promise(setImmediate);
      seen.push(look());
    }
    assert.ok(
      seen.every((now, turn) => now - (seen[turn - 1] ?? 0) <= 32),
      seen.join(),
    );
    for (const got of kinds) assert.deepEqual(got, [1, 2, 3]);
    for (const { line, theirs } of opened) {
      line.close();
      native().close(theirs);
    }
  });
});
