/** Questions of DNS come from inside as any bytes, and are answered or not, as RFC 1035 says. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressText } from '#lib/plan/addresses.js';
import { Attempts, type Connection } from '#lib/running/egress/connection.js';
import { CODE, questionOf } from '#lib/running/egress/dns.js';
import { Names } from '#lib/running/egress/names.js';
import { type Resolving, resolve } from '#lib/running/egress/resolver.js';
import { Rules } from '#lib/running/egress/rules.js';
import { generator } from '../support/random.js';

const TYPES = { a: 1, ns: 2, mx: 15, txt: 16, aaaa: 28, srv: 33, https: 65, any: 255 } as const;
const HEAD = 12;

interface Asked {
  readonly labels?: readonly string[];
  readonly type?: number;
  readonly class?: number;
  /** The two bytes of flags: a question that wants recursion, unless it is said. */
  readonly flags?: number;
  readonly count?: number;
  /** How many records are in each of the other parts. */
  readonly records?: readonly [number, number, number];
  readonly rest?: Buffer;
}

function nameBytes(labels: readonly string[]): Buffer {
  const parts = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function query({ labels = ['api', 'example', 'org'], ...asked }: Asked = {}): Buffer {
  const { type = TYPES.a, flags = 0x0100, count = 1, records = [0, 0, 0], rest = Buffer.alloc(0) } = asked;
  const words = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(2 * values.length);
    for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
    return bytes;
  };
  const head = words(0xabcd, flags, count, ...records);
  return Buffer.concat([head, nameBytes(labels), words(type, asked.class ?? 1), rest]);
}

/** What resolvers of today put behind a question: they take answers of 1,232 bytes. RFC 6891 */
const EDNS = Buffer.from([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);

function resolver(allow: readonly string[] = ['api.example.org:443', '*.example.com:443'], hasIpv6 = true) {
  const told: Connection[] = [];
  const resolving: Resolving = {
    ...{ rules: new Rules(allow), names: new Names(), hasIpv6 },
    attempts: new Attempts((connection) => told.push(connection)),
  };
  return { told, ask: (message: Buffer): Answer | undefined => answerOf(resolve(message, resolving)) };
}

interface Answer {
  readonly code: number;
  readonly flags: number;
  readonly questions: number;
  readonly address: string | undefined;
  readonly bytes: Buffer;
}

function answerOf(bytes: Buffer | undefined): Answer | undefined {
  if (bytes === undefined) return undefined;
  const records = bytes.readUInt16BE(6);
  assert.ok(records <= 1);
  assert.equal(bytes.readUInt32BE(8), 0);
  assert.equal(bytes.readUInt16BE(0), 0xabcd, 'the number of its question');
  return {
    code: bytes.readUInt8(3) & 15,
    flags: bytes.readUInt16BE(2),
    questions: bytes.readUInt16BE(4),
    address: records === 0 ? undefined : addressOf(bytes),
    bytes,
  };
}

/** The address in the only record: behind the name, its type, its class, how long it counts, its length. */
function addressOf(bytes: Buffer): string {
  const { end } = (questionOf(query({ labels: labelsOf(bytes) })) ?? assert.fail()) as { readonly end: number };
  const record = bytes.subarray(end);
  const isIpv4 = record.length === 16;
  assert.deepEqual(
    [0, 2, 4, 10].map((at) => record.readUInt16BE(at)),
    [0xc00c, isIpv4 ? TYPES.a : TYPES.aaaa, 1, isIpv4 ? 4 : 16],
  );
  assert.equal(record.length, isIpv4 ? 16 : 28);
  return addressText(record.subarray(12));
}

function labelsOf(bytes: Buffer): readonly string[] {
  const labels: string[] = [];
  for (let at = HEAD; bytes[at] !== 0; at += 1 + (bytes[at] ?? 0))
    labels.push(bytes.toString('latin1', at + 1, at + 1 + (bytes[at] ?? 0)));
  return labels;
}

describe('a name that is listed', () => {
  test('has an address of IPv4 and one of IPv6', () => {
    const { ask, told } = resolver();
    assert.equal(ask(query())?.address, '198.18.0.4');
    assert.equal(ask(query({ type: TYPES.aaaa }))?.address, 'fd63:6172:7265:6c00::4');
    assert.equal(ask(query({ labels: ['x', 'example', 'com'] }))?.address, '198.18.0.5');
    assert.deepEqual(told, []);
  });

  test('has none of IPv6 where the container has no IPv6', () => {
    const answer = resolver(undefined, false).ask(query({ type: TYPES.aaaa }));
    assert.deepEqual([answer?.code, answer?.address], [CODE.noError, undefined]);
  });

  test('is there, and has nothing else', () => {
    const { ask } = resolver();
    for (const type of [TYPES.ns, TYPES.mx, TYPES.txt, TYPES.srv, TYPES.https, TYPES.any, 0, 65_535]) {
      const answer = ask(query({ type }));
      assert.deepEqual([answer?.code, answer?.questions, answer?.address], [CODE.noError, 1, undefined]);
    }
  });

  test('is the same in upper case, and comes back as it was asked for', () => {
    const { ask } = resolver();
    const answer = ask(query({ labels: ['API', 'Example', 'oRG'] }));
    assert.equal(answer?.address, '198.18.0.4');
    assert.deepEqual(labelsOf(answer?.bytes ?? assert.fail()), ['API', 'Example', 'oRG']);
    assert.equal(ask(query())?.address, '198.18.0.4');
  });

  test('is answered to who says more, such as how long an answer may be', () => {
    const { ask } = resolver();
    const answer = ask(query({ records: [0, 0, 1], rest: EDNS }));
    assert.equal(answer?.address, '198.18.0.4');
    assert.equal(ask(query({ rest: Buffer.alloc(100, 0xff) }))?.address, '198.18.0.4');
  });

  test('is answered as a response, by who can ask others', () => {
    const { ask } = resolver();
    assert.equal(ask(query())?.flags, 0x8180);
    assert.equal(ask(query({ flags: 0 }))?.flags, 0x8080);
    // Truncated, authoritative, authentic, checking disabled: nothing of it is repeated.
    assert.equal(ask(query({ flags: 0x07b0 }))?.flags, 0x8180);
  });

  test('has no address where all are taken', () => {
    const names = new Names();
    for (let number = 0; number < 65_536; number += 1) names.of(`n${number}`);
    const resolving = { rules: new Rules(['a:1']), names, attempts: new Attempts(() => {}), hasIpv6: true };
    const answer = answerOf(resolve(query({ labels: ['a'] }), resolving));
    assert.deepEqual([answer?.code, answer?.questions, answer?.address], [CODE.serverFailure, 1, undefined]);
  });
});

describe('a name that is not listed', () => {
  test('does not exist, whatever is asked of it, and is told once', () => {
    const { ask, told } = resolver();
    for (const type of [TYPES.a, TYPES.aaaa, TYPES.mx])
      assert.deepEqual(
        [ask(query({ labels: ['evil', 'net'], type }))].map((answer) => [answer?.code, answer?.questions]),
        [[CODE.noSuchName, 1]],
      );
    ask(query({ labels: ['example', 'com'] }));
    assert.deepEqual(
      told.map(({ name, address, port, outcome }) => [name, address, port, outcome]),
      [
        ['evil.net', undefined, 0, 'not-listed'],
        ['example.com', undefined, 0, 'not-listed'],
      ],
    );
  });

  test('is not told where it is that of an address', () => {
    const { ask, told } = resolver();
    assert.equal(ask(query({ labels: ['1', '0', '18', '198', 'in-addr', 'arpa'], type: 12 }))?.code, CODE.noSuchName);
    assert.deepEqual(told, []);
  });

  test('is one that is no name, although names below something are listed', () => {
    const { ask } = resolver();
    for (const label of ['a b', '-a', 'a-', '*', 'é', '\0', 'a/b', "a'"])
      assert.equal(ask(query({ labels: [label, 'example', 'com'] }))?.code, CODE.noSuchName, label);
    assert.equal(ask(query({ labels: [] }))?.code, CODE.noSuchName);
  });
});

describe('a message', () => {
  const codeOf = (message: Buffer): number | undefined => resolver().ask(message)?.code;

  test('is ignored where it is an answer, or has no head', () => {
    assert.equal(resolver().ask(query({ flags: 0x8180 })), undefined);
    for (let length = 0; length < HEAD; length += 1)
      assert.equal(resolver().ask(query().subarray(0, length)), undefined);
  });

  test('that is cut off is no question', () => {
    const whole = query();
    for (let length = HEAD; length < whole.length; length += 1) {
      const answer = resolver().ask(whole.subarray(0, length));
      assert.deepEqual([answer?.code, answer?.questions, answer?.bytes.length], [CODE.formatError, 0, HEAD]);
    }
  });

  test('has one question', () => {
    const second = query({ labels: ['b'] }).subarray(HEAD);
    assert.equal(codeOf(query({ count: 2, rest: second })), CODE.formatError);
    assert.equal(codeOf(query({ count: 0 })), CODE.formatError);
    assert.equal(codeOf(query({ count: 65_535 })), CODE.formatError);
  });

  test('asks, and of the internet: nothing else is done', () => {
    // Inverse, status, notify, update.
    for (const opcode of [1, 2, 4, 5, 15]) assert.equal(codeOf(query({ flags: opcode << 11 })), CODE.notImplemented);
    for (const other of [0, 3, 4, 255]) assert.equal(codeOf(query({ class: other })), CODE.notImplemented);
  });

  test('has no name that leads elsewhere in it', () => {
    const pointer = (at: number): Buffer =>
      Buffer.concat([query().subarray(0, HEAD), Buffer.from([0xc0, at, 0, 1, 0, 1]), Buffer.alloc(20)]);
    for (const at of [0, HEAD, HEAD + 1, 255]) assert.equal(codeOf(pointer(at)), CODE.formatError);
    for (const length of [0x40, 0x80, 0xbf, 0xff]) {
      const message = query();
      message[HEAD] = length;
      assert.equal(codeOf(message), CODE.formatError);
    }
  });

  test('has labels of up to 63 bytes, and a name of up to 255', () => {
    const label = 'a'.repeat(63);
    const { ask } = resolver(['*.example.com:443']);
    assert.ok(ask(query({ labels: [label, 'example', 'com'] }))?.address);
    // With a length in front of each label, and a zero at the end.
    const longest = [label, label, label, 'a'.repeat(63 - 14), 'example', 'com'];
    assert.equal(nameBytes(longest).length, 255);
    assert.ok(ask(query({ labels: longest }))?.address);
    const longer = [label, label, label, 'a'.repeat(63 - 13), 'example', 'com'];
    assert.equal(ask(query({ labels: longer }))?.code, CODE.formatError);
    assert.equal(ask(query({ labels: Array.from({ length: 128 }, () => 'a') }))?.code, CODE.formatError);
  });

  test('of any bytes is answered or not, and nothing is thrown', () => {
    const seen = new Set<number | undefined>();
    const { ask } = resolver();
    for (let seed = 0; seed < 20_000; seed += 1) {
      const random = generator(seed);
      const message = random.boolean() ? Buffer.alloc(random.below(300)) : query({ rest: EDNS });
      const isRandom = message.length !== query({ rest: EDNS }).length;
      if (isRandom) for (let at = 0; at < message.length; at += 1) message[at] = random.below(256);
      for (let times = random.below(4); times > 0 && message.length > 0; times -= 1)
        message[random.below(message.length)] = random.below(256);
      if (message.length >= 2) message.writeUInt16BE(0xabcd, 0);
      const answer = ask(message);
      seen.add(answer?.code);
      assert.ok(answer === undefined || answer.bytes.length <= message.length + 28);
    }
    for (const code of [undefined, CODE.noError, CODE.formatError, CODE.noSuchName, CODE.notImplemented])
      assert.ok(seen.has(code), `${code}`);
  });
});
