/** Changes what a caller passes in places that nobody means, and holds what comes of it to errors that say so. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CarrelError } from '#lib/index.js';
import type { Random } from './random.js';

export const SEED = Number(process.env.CARREL_FUZZ_SEED ?? 20261125);
export const ROUNDS = Number(process.env.CARREL_FUZZ_ROUNDS ?? 1500);

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
export function mutate(value: unknown, random: Random): unknown {
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
export function attempt<Result>(run: () => Result, what: () => string, also?: RegExp): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof CarrelError && also?.test(error.code)) return undefined;
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${what()}: ${error}`);
    assert.match(String((error as NodeJS.ErrnoException).code), CODES, `${what()}: ${error.stack}`);
    assert.ok(
      error.message.length < 10_000,
      `${what()}: the message repeats what it was given: ${error.message.slice(0, 300)}`,
    );
    return undefined;
  }
}

/** Enough to find it again. */
export function seen(seed: number, value: unknown): () => string {
  return () => `seed ${seed}: ${inspect(value, { depth: 9 }).slice(0, 1500)}`;
}
