/**
 * Writes steps as the wire has them (drawn in wire.ts).
 *
 * Records come first, each list of steps in one piece; what their fields point to stands behind them.
 */

import { addressBytes } from './addresses.js';
import { isOutside } from './compose.js';
import { type Descriptor, type Field, NO_SLOT } from './fields.js';
import { fieldsOf, OPS, type Op, type Step } from './steps.js';
import { PLAN_MAX, RECORD_HEAD } from './wire.js';

const HALF = 2 ** 32;
/** Bytes for a command that is not long: a longer one makes the buffer grow. */
const ROOM = 4096;

/** Bytes that were written, and what of them a settlement changes. */
export interface Written {
  readonly bytes: Buffer;
  /** Where ids of the host stand. */
  readonly ids: readonly number[];
  /** Where names of cgroups were left out. */
  readonly names: readonly number[];
}

/** A list of texts that was written, and where. */
export interface SharedTexts {
  readonly values: readonly string[];
  readonly places: number;
}

const NOTHING: Written = { bytes: Buffer.alloc(0), ids: [], names: [] };

/** A growing buffer of zeros. Nothing in it moves once it is written, so an offset stays true. */
export class Writer {
  buffer: Buffer;
  size: number;
  /** Where ids of the host were written. */
  readonly ids: number[];
  /** Where a name was left out that is made when the plan is performed. */
  readonly names: number[];
  /**
   * The same memory. Each number of the wire is aligned, and written in the machine's order, which is little-endian.
   */
  #words: Uint32Array;
  #shared: SharedTexts | undefined;

  /**
   * @param begun What is there already.
   * @param room Bytes for what is likely to follow.
   */
  constructor(begun: Written = NOTHING, room = ROOM) {
    const { bytes, ids, names } = begun;
    const memory = new ArrayBuffer((bytes.length + room + 7) & ~7);
    this.buffer = Buffer.from(memory);
    this.buffer.set(bytes);
    this.size = bytes.length;
    this.ids = [...ids];
    this.names = [...names];
    this.#words = new Uint32Array(memory);
  }

  /** What was written until now, as it is. */
  written(): Written {
    return { bytes: Buffer.from(this.buffer.subarray(0, this.size)), ids: this.ids, names: this.names };
  }

  word(at: number, value: number): void {
    this.#words[at >> 2] = value;
  }

  wordAt(at: number): number {
    return this.#words[at >> 2] ?? 0;
  }

  /** Room for `count` bytes, aligned to eight. */
  reserve(count: number): number {
    const at = (this.size + 7) & ~7;
    const end = at + count;
    if (end > PLAN_MAX)
      throw Object.assign(new RangeError(`the plan is larger than ${PLAN_MAX} bytes: too many or too long arguments`), {
        code: 'ERR_OUT_OF_RANGE',
      });
    if (end > this.buffer.length) {
      const memory = new ArrayBuffer((Math.max(end, this.buffer.length * 2) + 7) & ~7);
      const larger = Buffer.from(memory);
      this.buffer.copy(larger, 0, 0, this.size);
      this.buffer = larger;
      this.#words = new Uint32Array(memory);
    }
    this.size = end;
    return at;
  }

  /** `room` bytes behind the last record are left empty. */
  steps(steps: readonly Step[], room = 0): number {
    const offset = this.reserve(recordSizes(steps) + room);
    let at = offset;
    for (const step of steps) {
      this.record(step, at);
      at += recordSize(step.op);
    }
    return offset;
  }

  record(step: Step, offset: number): void {
    this.pair(offset, OPS[step.op], recordSize(step.op));
    let at = offset + RECORD_HEAD;
    for (const [name, field] of fieldsOf(step.op)) {
      this.field(field, (step as unknown as Record<string, unknown>)[name], at);
      at += 8;
    }
  }

  field(field: Field, value: unknown, at: number): void {
    switch (field.kind) {
      case 'number':
        if (field.ids === 'one') this.ids.push(at);
        // Left out: all bits set, which is RLIM_INFINITY.
        if (value === undefined && field.optional === true) this.pair(at, HALF - 1, HALF - 1);
        else this.number(at, value as number);
        return;
      case 'integer':
        this.integer(at, value as number, field.most);
        return;
      case 'boolean':
        this.number(at, value === true ? 1 : 0);
        return;
      case 'slot':
        this.number(at, (value as number | undefined) ?? NO_SLOT);
        return;
      case 'flags':
        this.bits(at, field.names ?? {}, value as readonly string[]);
        return;
      case 'choice':
        this.bits(at, field.names ?? {}, [value as string]);
        return;
      case 'string':
        if (value === undefined && field.unique === true) this.names.push(at);
        this.text(at, (value as string | undefined) ?? '');
        return;
      case 'name':
        if (typeof value === 'string') this.text(at, value);
        else this.name(at, value as Uint8Array);
        return;
      case 'address':
        this.bytes(at, value === undefined ? NOTHING.bytes : addressOf(value as string));
        return;
      case 'bytes':
        this.bytes(at, value as Uint8Array);
        return;
      case 'strings':
        this.strings(at, value as readonly string[]);
        return;
      case 'numbers':
        this.numbers(at, value as readonly number[], field.ids === 'ranges');
        return;
      case 'slots':
        this.numbers(
          at,
          (value as readonly Descriptor[]).map((slot) => (slot === 'ignore' ? NO_SLOT : slot)),
          false,
        );
        return;
      case 'steps':
      case 'attempts':
        this.pair(at, this.steps(value as readonly Step[]), (value as readonly Step[]).length);
        return;
    }
  }

  /** Sixty-four bits as two halves: an encoder made of BigInt takes three times as long. */
  number(at: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} is no whole number from 0 to 2^53 − 1`);
    this.pair(at, value % HALF, Math.floor(value / HALF));
  }

  /** In two's complement, of 64 bits too. */
  integer(at: number, value: number, most: number = 2 ** 31 - 1): void {
    if (!Number.isSafeInteger(value) || value < -most - 1 || value > most)
      throw new RangeError(`${value} is no whole number from ${-most - 1} to ${most}`);
    const high = Math.floor(value / HALF);
    this.pair(at, value - high * HALF, high >>> 0);
  }

  bits(at: number, names: Names, values: readonly string[]): void {
    let low = 0;
    let high = 0;
    for (const name of values) {
      const bit = names[name];
      if (bit === undefined) throw new RangeError(`"${name}" is none of ${Object.keys(names).join(', ')}`);
      const number = Number(bit);
      if (number < HALF) low |= number;
      else high |= number / HALF;
    }
    this.pair(at, low >>> 0, high >>> 0);
  }

  pair(at: number, first: number, second: number): void {
    this.word(at, first);
    this.word(at + 4, second);
  }

  bytes(at: number, bytes: Uint8Array): void {
    const offset = this.reserve(bytes.length);
    this.buffer.set(bytes, offset);
    this.pair(at, offset, bytes.length);
  }

  /** The bytes and a NUL. */
  name(at: number, bytes: Uint8Array): void {
    const offset = this.reserve(bytes.length + 1);
    this.buffer.set(bytes, offset);
    this.pair(at, offset, bytes.length);
  }

  /** The text in UTF-8 and a NUL. */
  text(at: number, text: string): void {
    const length = Buffer.byteLength(text);
    const offset = this.reserve(length + 1);
    this.buffer.write(text, offset);
    this.pair(at, offset, length);
  }

  strings(at: number, values: readonly string[]): void {
    const { places } = this.#shared?.values === values ? this.#shared : this.texts(values);
    this.pair(at, places, values.length);
  }

  /** All texts in one piece: to write each by itself takes longer than all that there is to write. */
  texts(values: readonly string[]): SharedTexts {
    const places = this.reserve(values.length * 8);
    const text = `${values.join('\0')}\0`;
    const bytes = Buffer.byteLength(text);
    let offset = this.reserve(bytes);
    this.buffer.write(text, offset);
    const ascii = bytes === text.length;
    for (const [index, value] of values.entries()) {
      const length = ascii ? value.length : Buffer.byteLength(value);
      this.pair(places + index * 8, offset, length);
      offset += length + 1;
    }
    return { values, places };
  }

  /** A list of texts that is there already: where it comes again, that one is meant. */
  share(shared: SharedTexts): void {
    this.#shared = shared;
  }

  numbers(at: number, values: readonly number[], ranges: boolean): void {
    const offset = this.reserve(values.length * 8);
    this.pair(at, offset, values.length);
    values.forEach((value, index) => {
      if (ranges && isOutside(index)) this.ids.push(offset + index * 8);
      this.number(offset + index * 8, value);
    });
  }
}

type Names = Readonly<Record<string, number | bigint>>;

export function recordSize(op: Op): number {
  return RECORD_HEAD + 8 * fieldsOf(op).length;
}

export function recordSizes(steps: readonly Step[]): number {
  return steps.reduce((sum, { op }) => sum + recordSize(op), 0);
}

function addressOf(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes === undefined) throw new RangeError(`"${text}" is no address of IPv4 or IPv6`);
  return bytes;
}
