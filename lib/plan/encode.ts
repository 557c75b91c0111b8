/**
 * A plan as bytes, and back: the only place in TypeScript that knows the layout of the wire (drawn in wire.ts).
 *
 * Records come first, each list of steps in one piece; what their fields point to stands behind them.
 */

import { NAMESPACES, type Namespace } from './constants.js';
import { type Field, NO_SLOT } from './fields.js';
import { freezeDeep, type Plan } from './plan.js';
import { type ContainerStep, fieldsOf, type HostStep, OPS, type Op, type Step } from './steps.js';
import { HEADER, offsetsOf, PLAN_MAGIC, PLAN_MAX, RECORD_HEAD, sizeOf, WIRE_VERSION } from './wire.js';

const header = offsetsOf(HEADER);
const headerSize = sizeOf(HEADER);
const HALF = 2 ** 32;
const opNames = new Map(Object.entries(OPS).map(([op, number]) => [number, op as Op]));

/** Encodes a plan for the launcher. Throws a `RangeError` when it would be larger than {@link PLAN_MAX}. */
export function encode(plan: Plan): Buffer {
  const writer = new Writer();
  const start = writer.reserve(headerSize);
  const before = writer.steps(plan.before);
  const steps = writer.steps(plan.steps);
  const after = writer.steps(plan.after);
  const { buffer } = writer;
  const u32 = (name: keyof typeof HEADER, value: number): void => {
    buffer.writeUInt32LE(value, start + header[name]);
  };
  u32('magic', PLAN_MAGIC);
  u32('version', WIRE_VERSION);
  u32('size', writer.size);
  u32('slots', plan.slots.length);
  u32('received', plan.received);
  u32('kept', plan.kept);
  u32('detached', plan.detached ? 1 : 0);
  u32('timeoutSignal', plan.timeoutSignal);
  writer.number(start + header.timeoutMs, plan.timeoutMs);
  writer.bits(start + header.clone, NAMESPACES, plan.clone);
  u32('beforeOffset', before);
  u32('beforeCount', plan.before.length);
  u32('stepsOffset', steps);
  u32('stepsCount', plan.steps.length);
  u32('afterOffset', after);
  u32('afterCount', plan.after.length);
  return buffer.subarray(0, writer.size);
}

/** Reads a plan back from its bytes: for tests, and for tools that are handed one. Slots have lost their names. */
export function decode(bytes: Buffer): Plan {
  const u32 = (name: keyof typeof HEADER): number => bytes.readUInt32LE(header[name]);
  if (bytes.length < headerSize || u32('magic') !== PLAN_MAGIC || u32('version') !== WIRE_VERSION) {
    throw new RangeError(`not a plan of wire version ${WIRE_VERSION}`);
  }
  return freezeDeep({
    before: readSteps(bytes, u32('beforeOffset'), u32('beforeCount')) as readonly HostStep[],
    clone: namesOf(NAMESPACES, bytes.readBigUInt64LE(header.clone)) as readonly Namespace[],
    steps: readSteps(bytes, u32('stepsOffset'), u32('stepsCount')) as readonly ContainerStep[],
    after: readSteps(bytes, u32('afterOffset'), u32('afterCount')) as readonly HostStep[],
    slots: Array.from({ length: u32('slots') }, (_, index) => `slot ${index}`),
    received: u32('received'),
    kept: u32('kept'),
    detached: u32('detached') === 1,
    timeoutMs: Number(bytes.readBigUInt64LE(header.timeoutMs)),
    timeoutSignal: u32('timeoutSignal'),
  });
}

/** A growing buffer. Nothing in it moves once it is written, so an offset stays true. */
class Writer {
  buffer: Buffer = Buffer.allocUnsafe(16_384);
  size = 0;

  /** Zeroed room for `count` bytes, aligned to eight. */
  reserve(count: number): number {
    const at = (this.size + 7) & ~7;
    const end = at + count;
    if (end > PLAN_MAX)
      throw new RangeError(`the plan is larger than ${PLAN_MAX} bytes: too many or too long arguments`);
    if (end > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.size);
      this.buffer = larger;
    }
    this.buffer.fill(0, this.size, end);
    this.size = end;
    return at;
  }

  steps(steps: readonly Step[]): number {
    const offset = this.reserve(steps.reduce((sum, step) => sum + recordSize(step.op), 0));
    let at = offset;
    for (const step of steps) {
      this.record(step, at);
      at += recordSize(step.op);
    }
    return offset;
  }

  record(step: Step, offset: number): void {
    this.buffer.writeUInt32LE(OPS[step.op], offset);
    this.buffer.writeUInt32LE(recordSize(step.op), offset + 4);
    let at = offset + RECORD_HEAD;
    for (const [name, field] of fieldsOf(step.op)) {
      this.field(field, (step as unknown as Record<string, unknown>)[name], at);
      at += 8;
    }
  }

  field(field: Field, value: unknown, at: number): void {
    switch (field.kind) {
      case 'number':
        this.number(at, value as number);
        return;
      case 'integer':
        this.integer(at, value as number);
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
        this.text(at, (value as string | undefined) ?? '');
        return;
      case 'bytes':
        this.bytes(at, value as Uint8Array);
        return;
      case 'strings':
        this.strings(at, value as readonly string[]);
        return;
      case 'numbers':
      case 'slots':
        this.numbers(at, value as readonly number[]);
        return;
      case 'steps':
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

  integer(at: number, value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no whole number from −2^31 to 2^31 − 1`);
    this.pair(at, value >>> 0, value < 0 ? HALF - 1 : 0);
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
    this.buffer.writeUInt32LE(first, at);
    this.buffer.writeUInt32LE(second, at + 4);
  }

  bytes(at: number, bytes: Uint8Array): void {
    const offset = this.reserve(bytes.length);
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
    const offset = this.reserve(values.length * 8);
    this.pair(at, offset, values.length);
    values.forEach((value, index) => {
      this.text(offset + index * 8, value);
    });
  }

  numbers(at: number, values: readonly number[]): void {
    const offset = this.reserve(values.length * 8);
    this.pair(at, offset, values.length);
    values.forEach((value, index) => {
      this.number(offset + index * 8, value);
    });
  }
}

function recordSize(op: Op): number {
  return RECORD_HEAD + 8 * fieldsOf(op).length;
}

function readSteps(bytes: Buffer, offset: number, count: number): readonly Step[] {
  const steps: Step[] = [];
  let at = offset;
  for (let index = 0; index < count; index += 1) {
    const op = opNames.get(bytes.readUInt32LE(at));
    if (op === undefined) throw new RangeError(`step ${index} at byte ${at} is of no known kind`);
    const fields = fieldsOf(op).map(([name, field], place) => [
      name,
      readField(bytes, field, at + RECORD_HEAD + 8 * place),
    ]);
    steps.push({ op, ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)) } as Step);
    at += recordSize(op);
  }
  return steps;
}

function readField(bytes: Buffer, field: Field, at: number): unknown {
  const number = bytes.readBigUInt64LE(at);
  const offset = bytes.readUInt32LE(at);
  const count = bytes.readUInt32LE(at + 4);
  const each = (read: (at: number) => unknown): unknown[] =>
    Array.from({ length: count }, (_, index) => read(offset + index * 8));
  switch (field.kind) {
    case 'number':
      return Number(number);
    case 'integer':
      return bytes.readInt32LE(at);
    case 'boolean':
      return number === 1n;
    case 'slot':
      return number === BigInt(NO_SLOT) ? undefined : Number(number);
    case 'flags':
      return namesOf(field.names ?? {}, number);
    case 'choice':
      return Object.keys(field.names ?? {}).find((name) => BigInt(field.names?.[name] ?? 0) === number);
    case 'string':
      return count === 0 && field.optional === true ? undefined : bytes.toString('utf8', offset, offset + count);
    case 'bytes':
      return new Uint8Array(bytes.subarray(offset, offset + count));
    case 'strings':
      return each((place) =>
        bytes.toString('utf8', bytes.readUInt32LE(place), bytes.readUInt32LE(place) + bytes.readUInt32LE(place + 4)),
      );
    case 'numbers':
    case 'slots':
      return each((place) => Number(bytes.readBigUInt64LE(place)));
    case 'steps':
      return readSteps(bytes, offset, count);
  }
}

type Names = Readonly<Record<string, number | bigint>>;

function namesOf(names: Names, bits: bigint): readonly string[] {
  return Object.keys(names).filter((name) => (bits & BigInt(names[name] ?? 0)) !== 0n);
}
