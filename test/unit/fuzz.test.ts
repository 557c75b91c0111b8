/**
 * Definitions, plans as JSON and messages are mutated, and are taken or refused in a sentence, with Node's code.
 *
 * It is refused in a sentence with Node's code, or it holds to the end; nothing else is thrown, and nothing hangs.
 * `CARREL_FUZZ_SEED` and `CARREL_FUZZ_ROUNDS` go further.
 */

import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { suite, test } from 'node:test';
import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import { bind, Container, type DefinitionInput, tmpfs } from '#lib/index.js';
import { Channel } from '#lib/launch/channel.js';
import { Lane } from '#lib/launch/lane.js';
import { encode } from '#lib/plan/encode.js';
import { encodeMessage, readMessage } from '#lib/plan/message-bytes.js';
import { MESSAGES, type Message, type Notice, type Side } from '#lib/plan/messages.js';
import { readTimes } from '#lib/plan/times.js';
import { explain, parse, stringify } from '#lib/plan.js';
import { listen } from '../support/channel.js';
import { HOSTS, root } from '../support/hosts.js';
import { attempt, mutate, ROUNDS, SEED, seen } from '../support/mutating.js';
import { commandWith } from '../support/plans.js';
import { generator, type Random } from '../support/random.js';

const command = commandWith({
  file: 'sh',
  args: ['-c', 'true'],
  env: { LANG: 'C' },
  stdio: ['pipe', 'pipe', 'pipe'],
});
const box = new Container()
  .rootfs('/srv/box')
  .mount(bind('/srv/a', '/a', { readonly: true }), tmpfs('/b', { size: '1m', mode: 0o700 }))
  .namespaces(['user', 'mount', 'pid', 'time', { network: '/proc/1/ns/net' }])
  .timeOffsets({ boottime: 1000 })
  .env({ A: 'b' })
  .user('7:8')
  .capabilities(['CAP_CHOWN'])
  .step({ op: 'openTree', slot: 0, source: '/usr', recursive: true, nofollow: false }, { before: 'exec' });

/** What a plan may be refused for beside wrong values: the name of a user whom these hosts do not have. */
const UNKNOWN = /^ERR_UNKNOWN_(USER|GROUP)$/;

suite('mutated', () => {
  test('definitions', () => {
    const plain = { ...box.toJSON() } as Record<string, unknown>;
    let taken = 0;
    for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
      const random = generator(seed);
      const value = mutate(plain, random);
      const what = seen(seed, value);
      const made = attempt(() => new Container(value as DefinitionInput), what);
      if (made === undefined) continue;
      taken += 1;
      // What it took it can also say, and say again.
      const json = JSON.stringify(made);
      assert.equal(JSON.stringify(new Container(JSON.parse(json))), json, what());
      for (const host of HOSTS) {
        const plan = attempt(() => compile(made.toJSON(), command, host, RANGE_FIRST), what, UNKNOWN);
        if (plan !== undefined) assert.ok(encode(plan).length > 0 && explain(plan).length > 0, what());
      }
    }
    assert.ok(taken > ROUNDS / 50 && taken < ROUNDS, `${taken} of ${ROUNDS} were taken`);
  });

  test('plans', () => {
    const written = JSON.parse(stringify(compile(box.toJSON(), command, root, RANGE_FIRST)));
    let taken = 0;
    for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
      const value = mutate(written, generator(seed));
      const what = seen(seed, value);
      let json: string | undefined;
      try {
        json = JSON.stringify(value);
      } catch {
        continue; // JSON has no place for it.
      }
      if (json === undefined) continue;
      const made = attempt(() => parse(json), what);
      if (made === undefined) continue;
      taken += 1;
      assert.deepEqual(parse(stringify(made)), made, what());
      assert.ok(explain(made).length > 0);
      attempt(() => encode(made), what);
    }
    assert.ok(taken > ROUNDS / 50 && taken < ROUNDS, `${taken} of ${ROUNDS} were taken`);
  });

  test('texts of plans', () => {
    const text = stringify(compile(box.toJSON(), command, root, RANGE_FIRST));
    for (let seed = SEED; seed < SEED + ROUNDS / 4; seed += 1) {
      const random = generator(seed);
      const at = random.below(text.length);
      const broken =
        text.slice(0, at) +
        random.pick(['', '"', '}', '\\u0000', '1e999', '\ud800', random.text()]) +
        text.slice(at + random.below(4));
      try {
        parse(broken);
      } catch (error) {
        if (!(error instanceof SyntaxError))
          attempt(
            () => {
              throw error;
            },
            seen(seed, broken.slice(Math.max(0, at - 50), at + 50)),
          );
      }
    }
  });
});

const SIDES: readonly Side[] = ['launcher', 'supervisor', 'node'];

/** A message with up to three of its bytes changed, and cut off or not. */
function strangeBytes(random: Random): Buffer {
  const order: Message = random.pick<Message>([
    { kind: 'signal', supervisor: 3, signal: 15 },
    { kind: 'go', supervisor: 4 },
    { kind: 'cpuTime', supervisor: 5, milliseconds: 2 ** 40 },
    { kind: 'start', supervisor: 6 },
  ]);
  const bytes = encodeMessage(random.boolean() ? order : randomNotice(random, 1), order.kind === 'start' ? 2 : 0);
  for (let times = random.below(4); times > 0; times -= 1) {
    // Rather in the head, which says what the rest is.
    const at = random.below(random.boolean() ? 16 : bytes.length);
    bytes[at] = random.pick([0, 1, 2, 10, 11, 255, random.below(256)]);
  }
  return random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

suite('messages', () => {
  test('any bytes are a message that somebody reads, the begin of one, or a RangeError', () => {
    const seen = new Set<string>();
    for (let seed = SEED; seed < SEED + 4 * ROUNDS; seed += 1) {
      const random = generator(seed);
      const bytes = strangeBytes(random);
      const side = random.pick(SIDES);
      try {
        const read = readMessage(bytes, side);
        seen.add(read === undefined ? 'begin' : read.message.kind);
        if (read === undefined) continue;
        const { message, size, descriptors } = read;
        assert.equal(MESSAGES[message.kind].to, side);
        assert.ok(size > 0 && size <= bytes.length, `seed ${seed}`);
        // What was read is written again as it was; a text that is none in UTF-8 is not, nor a u64 beyond 2^53.
        if (message.kind !== 'refused') {
          const again = readMessage(encodeMessage(message, descriptors), side);
          assert.deepEqual(again?.message, message, `seed ${seed}`);
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        seen.add(error.message.replaceAll(/\d+/g, 'N'));
      }
    }
    for (const kind of ['signal', 'running', 'refused', 'begin']) assert.ok(seen.has(kind), [...seen].join());
  });

  test('any bytes are times or a RangeError', () => {
    let taken = 0;
    for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
      const random = generator(seed);
      const bytes = Buffer.from(random.list(400, () => random.below(4)));
      if (bytes.length >= 8) {
        bytes.writeUInt32LE(random.below(20), 0);
        bytes.writeUInt32LE(random.below(8), 4);
      }
      try {
        const { steps, acts } = readTimes(bytes);
        assert.ok(steps.every(Number.isInteger) && acts.every(({ atNs }) => Number.isInteger(atNs)));
        taken += 1;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    assert.ok(taken > 0 && taken < ROUNDS, `${taken}`);
  });

  test('however they are cut, each comes to whom it is for, in order', async () => {
    const lane = new Lane();
    for (let seed = SEED; seed < SEED + 20; seed += 1) {
      const random = generator(seed);
      const channel = new Channel(lane);
      const got = new Map<number, Notice[]>();
      const ends: Promise<unknown>[] = [];
      const numbers = [0, 1].map(() => {
        const notices: Notice[] = [];
        const [number, ended] = listen(channel, (one) => notices.push(one));
        got.set(number, notices);
        ends.push(ended);
        return number;
      });
      // The last one is nobody's.
      const sent = random.list(12, () => randomNotice(random, random.pick([...numbers, 0])));
      const last = numbers.map((supervisor): Notice => ({ kind: 'gone', supervisor }));
      const parts = [...sent, ...last].map((one) => encodeMessage(one));
      const bytes = Buffer.concat([...parts, Buffer.alloc(random.below(16))]);
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(channel.theirs, bytes, at, Math.min(1 + random.below(700), bytes.length - at));
        if (random.boolean()) await new Promise(setImmediate);
      }
      assert.deepEqual(await Promise.all(ends), [undefined, undefined]);
      for (const number of numbers)
        assert.deepEqual(
          got.get(number),
          sent.filter(({ supervisor }) => supervisor === number),
          `seed ${seed}`,
        );
    }
  });

  test('any bytes are notices, or break the protocol, and then all lines end', async () => {
    const ends = new Set<string | undefined>();
    for (let seed = SEED; seed < SEED + ROUNDS / 10; seed += 1) {
      const random = generator(seed);
      const channel = new Channel(new Lane());
      const [, ended] = listen(channel, () => undefined);
      writeSync(channel.theirs, Buffer.concat(random.list(5, () => strangeBytes(random))));
      // Whatever these are the rest of: it is not all of a message.
      writeSync(channel.theirs, Buffer.alloc(2000, 0xff));
      const error = (await ended) as NodeJS.ErrnoException | undefined;
      // Or the bytes said that the line is gone.
      if (error !== undefined) assert.equal(error.code, 'ERR_PROTOCOL', `seed ${seed}`);
      ends.add(error?.code);
    }
    assert.ok(ends.has('ERR_PROTOCOL'));
  });
});

function randomNotice(random: Random, supervisor: number): Notice {
  const namespaces = { time: 1, mount: 2, cgroup: 3, uts: 4, ipc: 5, user: 6, pid: 7, network: random.below(9) };
  return random.pick<Notice>([
    { kind: 'oom', supervisor, kills: random.below(2 ** 31) },
    { kind: 'running', supervisor, pid: random.below(32_768), first: 1, namespaces },
    { kind: 'barrier', supervisor, index: random.below(9), pid: 1, namespaces },
    { kind: 'stays', supervisor, question: 1 },
    { kind: 'rejected', supervisor, rule: random.below(300) },
    { kind: 'failed', supervisor, syscall: random.below(400), error: 24 },
    {
      kind: 'refused',
      supervisor,
      list: random.pick(['before', 'clone', 'steps', 'acts', 'after'] as const),
      index: random.below(80),
      act: random.below(9),
      syscall: -1,
      error: 2,
      path: 0,
      helperStatus: 0,
      text: 'overlay: ä bad option'.slice(0, random.below(22)),
    },
  ]);
}
