/**
 * Definitions, plans as JSON and messages are mutated, and are taken or refused in a sentence, with Node's code.
 *
 * It is refused in a sentence with Node's code, or it holds to the end; nothing else is thrown, and nothing hangs.
 * `CARREL_FUZZ_SEED` and `CARREL_FUZZ_ROUNDS` go further.
 */

import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import { bind, Container, type DefinitionInput, tmpfs } from '#lib/index.js';
import { Channel, decodeFrame, type FrameKind } from '#lib/launch/channel.js';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { FRAME, FRAME_KINDS, FRAME_SIZE, offsetsOf } from '#lib/plan/wire.js';
import { explain, parse, stringify } from '#lib/plan.js';
import { HOSTS, root } from '../support/hosts.js';
import { commandWith } from '../support/plans.js';
import { generator, type Random } from '../support/random.js';

const SEED = Number(process.env.CARREL_FUZZ_SEED ?? 20261125);
const ROUNDS = Number(process.env.CARREL_FUZZ_ROUNDS ?? 1500);

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
  .step({ op: 'openTree', slot: 0, source: '/usr', recursive: true }, { before: 'exec' });

/** What nobody means, and some send; new ones each time, because they are mutated too. */
const strange = (): readonly unknown[] => [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1n,
  1n << 70n,
  '',
  '\0',
  'a\0b',
  '\n',
  '\ud800',
  '../..',
  '/',
  '//',
  '.',
  '..',
  '/proc/self/fd/3',
  'x'.repeat(70_000),
  '1:2',
  '-1',
  '4294967296',
  '64m',
  '1e9',
  '0x10',
  '__proto__',
  'constructor',
  'user',
  'CAP_SYS_ADMIN',
  [],
  [[]],
  [null],
  {},
  { op: 'exec' },
  { op: '__proto__' },
  { toString: null },
  { base64: 'AA==' },
  { base64: 1 },
  { length: 1e9 },
  Symbol('symbol'),
  () => '/',
  new Date(0),
  new Map(),
  new Uint8Array(3),
  Buffer.from([0xff, 0xfe]),
  /x/,
  new Proxy({}, {}),
  Object.create(null),
];

type Container_ = Record<PropertyKey, unknown>;

/** Every place in a value that can hold another value. */
function places(value: unknown): readonly (readonly [Container_, PropertyKey])[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const holder = value as Container_;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...places(holder[key])]);
}

/** Changes one to three places: another value, none, one twice, one more, or one from elsewhere. */
function mutate(value: unknown, random: Random): unknown {
  const copy = structuredClone(value);
  for (let times = random.below(3); times >= 0; times -= 1) {
    const all = places(copy);
    if (all.length === 0) break;
    const [holder, key] = random.pick(all);
    const [other, otherKey] = random.pick(all);
    const old = holder[key];
    const acts = [
      () => (holder[key] = random.pick(strange())),
      () => (holder[key] = random.pick(strange())),
      () => delete holder[key],
      () => (holder[random.pick(['x', '__proto__', 'constructor', 'op', 'slot', String(random.below(300))])] = old),
      () => (holder[key] = structuredCloneOr(other[otherKey])),
      () =>
        (holder[key] =
          typeof old === 'number'
            ? old * (random.next() * 4 - 1)
            : typeof old === 'string'
              ? old + random.text()
              : [old, old]),
      () => Array.isArray(old) && old.push(...old.slice(0, 3), random.pick(strange())),
    ];
    random.pick(acts)();
  }
  return copy;
}

function structuredCloneOr(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}

const CODES = /^ERR_(INVALID_ARG_VALUE|INVALID_ARG_TYPE|OUT_OF_RANGE)$/;

/** The value, or `undefined` where it was refused as it should be. */
function attempt<Result>(run: () => Result, what: () => string): Result | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${what()}: ${error}`);
    assert.match(String((error as NodeJS.ErrnoException).code), CODES, `${what()}: ${error.stack}`);
    assert.ok(error.message.length < 10_000, 'the message repeats what it was given');
    return undefined;
  }
}

/** Enough to find it again. */
function seen(seed: number, value: unknown): () => string {
  return () => `seed ${seed}: ${inspect(value, { depth: 9 }).slice(0, 1500)}`;
}

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
        const plan = attempt(() => compile(made.toJSON(), command, host, RANGE_FIRST), what);
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

suite('frames', () => {
  test('any bytes give one', () => {
    for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
      const random = generator(seed);
      const bytes = Buffer.from(
        Array.from({ length: FRAME_SIZE }, () => (random.below(4) === 0 ? 255 : random.below(256))),
      );
      const frame = decodeFrame(bytes);
      for (const name of Object.keys(FRAME)) assert.ok(Number.isFinite(frame[name as keyof typeof FRAME]), name);
      assert.ok(!frame.message.includes('\0'));
    }
  });

  test('however they are cut, the known ones arrive, in order', async () => {
    const offsets = offsetsOf(FRAME);
    for (let seed = SEED; seed < SEED + 20; seed += 1) {
      const random = generator(seed);
      const kinds = random.list(12, () => random.below(9));
      const bytes = Buffer.alloc(FRAME_SIZE * kinds.length + random.below(FRAME_SIZE));
      kinds.forEach((kind, index) => {
        bytes.writeUInt32LE(kind, index * FRAME_SIZE + offsets.kind);
        bytes.writeUInt32LE(index, index * FRAME_SIZE + offsets.index);
      });
      const [ours, theirs] = native().socketpair();
      const got: (readonly [FrameKind, number])[] = [];
      const over = new Promise<void>((resolve) => {
        new Channel(ours, { frame: (kind, frame) => got.push([kind, frame.index]), end: resolve });
      });
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(theirs, bytes, at, Math.min(1 + random.below(700), bytes.length - at));
        if (random.boolean()) await new Promise(setImmediate);
      }
      closeSync(theirs);
      await over;
      const names = Object.keys(FRAME_KINDS) as FrameKind[];
      const expected = kinds.flatMap((kind, index) =>
        names.filter((name) => FRAME_KINDS[name] === kind).map((name) => [name, index]),
      );
      assert.deepEqual(got, expected, `seed ${seed}`);
    }
  });
});
