/** The lane: descriptors from supervisors, each for the one that its number names. */

import assert from 'node:assert/strict';
import { readSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Lane } from '#lib/launch/lane.js';
import { native } from '#lib/launch/native.js';

/** As supervisors do. Gives the end of a pipe that ends when nobody has what was sent. */
function send(lane: Lane, supervisor: number, copies = 1): number {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(supervisor);
  const [read, write] = native().pipe();
  assert.equal(native().trySend(lane.theirs, number, Array<number>(copies).fill(write)), undefined);
  native().close(write);
  return read;
}

function isGone(read: number): boolean {
  try {
    return readSync(read, Buffer.alloc(1)) === 0;
  } finally {
    native().close(read);
  }
}

describe('the lane', () => {
  test('gives numbers that nobody else has', () => {
    const lane = new Lane();
    const numbers = Array.from({ length: 100 }, () => lane.open());
    assert.equal(new Set(numbers).size, 100);
    assert.ok(!numbers.includes(0));
  });

  test('has descriptors wait for whose they are, in their order', () => {
    const lane = new Lane();
    const [one, other] = [lane.open(), lane.open()];
    const reads = [send(lane, one, 2), send(lane, other), send(lane, one)];
    assert.equal(lane.take(other).length, 1);
    assert.equal(lane.take(one).length, 2);
    assert.equal(lane.take(one).length, 1);
    assert.deepEqual(lane.take(one), []);
    for (const read of reads) native().close(read);
  });

  test('closes what belongs to nobody', () => {
    const lane = new Lane();
    const number = lane.open();
    const read = send(lane, number + 1);
    assert.deepEqual(lane.take(number), []);
    assert.ok(isGone(read));
  });

  test('closes what was not taken in time', () => {
    const lane = new Lane();
    const number = lane.open();
    const [before, after] = [send(lane, number), send(lane, number)];
    const [taken = -1] = lane.take(number);
    native().close(taken);
    assert.ok(isGone(before));
    lane.close(number);
    assert.ok(isGone(after));
    const late = send(lane, number);
    lane.close(number);
    assert.ok(isGone(late));
  });
});
