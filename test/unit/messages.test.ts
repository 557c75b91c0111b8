/** The table of messages, and messages as bytes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Layout, offsetsOf, shapeOf, sizeOf } from '#lib/plan/layout.js';
import { encodeMessage, readMessage } from '#lib/plan/message-bytes.js';
import { BYTES_MAX, HEAD, MESSAGES, type Message, type MessageKind, TEXT_MAX } from '#lib/plan/messages.js';
import { ACT_TIME, readTimes, TIMES } from '#lib/plan/times.js';
import { HEADER } from '#lib/plan/wire.js';
import { generator, type Random } from '../support/random.js';

const kinds = Object.keys(MESSAGES) as MessageKind[];
const head = offsetsOf(HEAD);

describe('the table of messages', () => {
  test('each kind has a number of its own', () => {
    assert.equal(new Set(kinds.map((kind) => MESSAGES[kind].number)).size, kinds.length);
  });

  test('structs are naturally aligned and leave no member on top of another', () => {
    for (const layout of [HEADER, HEAD, TIMES, ACT_TIME, ...kinds.map((kind) => MESSAGES[kind].fields)] as Layout[]) {
      const offsets: Readonly<Record<string, number>> = offsetsOf(layout);
      let end = 0;
      for (const [name, member] of Object.entries(layout)) {
        const { width, count } = shapeOf(member);
        const bytes = width === 'u64' ? 8 : 4;
        const at = offsets[name] ?? -1;
        assert.equal(at % bytes, 0, name);
        assert.ok(at >= end, name);
        end = at + bytes * count;
      }
      assert.ok(sizeOf(layout) >= end);
    }
  });
});

describe('a message', () => {
  test('of every kind reads back as it was written, for the one side that reads it', () => {
    const random = generator(5);
    for (const kind of kinds) {
      for (let round = 0; round < 50; round += 1) {
        const message = randomMessage(kind, random);
        const [least, most] = descriptorsOf(kind);
        const descriptors = least + random.below(most - least + 1);
        const bytes = encodeMessage(message, descriptors);
        const read = readMessage(Buffer.concat([bytes, Buffer.from('rest')]), MESSAGES[kind].to);
        assert.deepEqual(read, { message, descriptors, size: bytes.length });
        for (const side of ['launcher', 'supervisor', 'node'] as const)
          if (side !== MESSAGES[kind].to)
            assert.throws(() => readMessage(bytes, side), { name: 'RangeError', message: /knows no message/ });
      }
    }
  });

  test('that is cut off anywhere is not there yet', () => {
    const random = generator(6);
    for (const kind of kinds) {
      const bytes = encodeMessage(randomMessage(kind, random), descriptorsOf(kind)[0]);
      for (let length = 0; length < bytes.length; length += 1)
        assert.equal(readMessage(bytes.subarray(0, length), MESSAGES[kind].to), undefined);
    }
  });

  test('of another size, with other descriptors, or of an unknown kind is a RangeError', () => {
    for (const kind of kinds) {
      const good = encodeMessage(randomMessage(kind, generator(7)), descriptorsOf(kind)[0]);
      const change = (at: number, value: number): (() => unknown) => {
        const bytes = Buffer.concat([good, Buffer.alloc(2000)]);
        bytes.writeUInt32LE(value, at);
        return () => readMessage(bytes, MESSAGES[kind].to);
      };
      const least = sizeOf(HEAD) + sizeOf(MESSAGES[kind].fields as Layout);
      const most = least + ('text' in MESSAGES[kind] ? TEXT_MAX : 'bytes' in MESSAGES[kind] ? BYTES_MAX : 0);
      for (const size of [0, least - 1, most + 1, 2 ** 32 - 1]) assert.throws(change(head.size, size), /cannot have/);
      const [fewest, many] = descriptorsOf(kind);
      for (const count of [fewest - 1, many + 1, 2 ** 32 - 1])
        if (count >= 0) assert.throws(change(head.descriptors, count), /cannot have/);
      for (const number of [0, kinds.length + 1, 2 ** 32 - 1])
        assert.throws(change(head.kind, number), { name: 'RangeError', message: /knows no message/ });
    }
  });

  test('with a name’s number that is none is a RangeError', () => {
    for (const [kind, name] of [
      ['exited', 'ending'],
      ['refused', 'list'],
    ] as const) {
      const bytes = encodeMessage(randomMessage(kind, generator(8)));
      const fields: Readonly<Record<string, number>> = offsetsOf(MESSAGES[kind].fields as Layout);
      bytes.writeUInt32LE(77, sizeOf(HEAD) + (fields[name] ?? 0));
      assert.throws(() => readMessage(bytes, 'node'), { name: 'RangeError', message: `${name} cannot be 77` });
    }
  });

  test('has bytes as they are, and no more than there is room for', () => {
    const all = Buffer.from(Array.from({ length: 3000 }, (_, index) => index & 0xff));
    const message = { ...randomMessage('violation', generator(10)), bytes: all } as Message;
    const read = readMessage(encodeMessage(message), 'node')?.message;
    assert.deepEqual(read?.kind === 'violation' && read.bytes, all.subarray(0, BYTES_MAX));
  });

  test('has no more text than there is room for', () => {
    const message = { ...randomMessage('refused', generator(9)), text: 'x'.repeat(1000) } as Message;
    const read = readMessage(encodeMessage(message), 'node')?.message;
    assert.equal(read?.kind === 'refused' && read.text, 'x'.repeat(TEXT_MAX));
  });
});

test('times that are cut off are a RangeError', () => {
  const bytes = Buffer.alloc(sizeOf(TIMES) + 8);
  bytes.writeUInt32LE(1, 0);
  assert.deepEqual(readTimes(bytes).steps, [0]);
  assert.throws(() => readTimes(bytes.subarray(0, -1)), { name: 'RangeError', message: /cut off/ });
  assert.throws(() => readTimes(bytes.subarray(0, 10)), { name: 'RangeError', message: /without a head/ });
  bytes.writeUInt32LE(2 ** 32 - 1, 4);
  assert.throws(() => readTimes(bytes), { name: 'RangeError', message: /cut off/ });
});

function descriptorsOf(kind: MessageKind): readonly [number, number] {
  const row = MESSAGES[kind];
  return 'descriptors' in row ? row.descriptors : [0, 0];
}

function randomMessage(kind: MessageKind, random: Random): Message {
  const row = MESSAGES[kind];
  const values = Object.entries(row.fields as Layout).map(([name, member]) => {
    const { width } = shapeOf(member);
    const number = (): number => random.below(width === 'u64' ? 2 ** 53 : 2 ** 32) - (width === 'i32' ? 2 ** 31 : 0);
    if (typeof member === 'string') return [name, number()];
    if ('oneOf' in member) return [name, random.pick(Object.keys(member.oneOf))];
    return [name, Object.fromEntries(Object.keys(member.of).map((key) => [key, number()]))];
  });
  const text = 'text' in row ? { text: random.text() } : {};
  const bytes = 'bytes' in row ? { bytes: Buffer.from(random.text()) } : {};
  return { kind, supervisor: random.below(2 ** 32), ...Object.fromEntries(values), ...text, ...bytes } as Message;
}
