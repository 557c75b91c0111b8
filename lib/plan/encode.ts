/**
 * A plan as bytes, and back: the only place in TypeScript that knows the layout of the wire (drawn in wire.ts).
 *
 * Records come first, each list of steps in one piece; what their fields point to stands behind them.
 */

import { isOutside, movedId, type Settlement } from './compose.js';
import { NAMESPACES, type Namespace } from './constants.js';
import { type Descriptor, type Field, NO_SLOT } from './fields.js';
import { type Frame, split } from './frame.js';
import { offsetsOf, sizeOf } from './layout.js';
import { Memo } from './memo.js';
import { freezeDeep, type Plan } from './plan.js';
import { type ContainerStep, type EndingOp, fieldsOf, type HostStep, OPS, type Op, type Step } from './steps.js';
import { HEADER, PLAN_MAGIC, PLAN_MAX, RECORD_HEAD, WIRE_VERSION } from './wire.js';

const header = offsetsOf(HEADER);
const headerSize = sizeOf(HEADER);
const HALF = 2 ** 32;
/** Bytes for a command that is not long: a longer one makes the buffer grow. */
const ROOM = 4096;
const NO_NUMBER = 2n ** 64n - 1n;
const opNames = new Map(Object.entries(OPS).map(([op, number]) => [number, op as Op]));

/**
 * Encodes a plan for the launcher; with `settlement`, as `settled` would have it.
 *
 * The frame of a plan is written once, and copied for every command that shares it.
 *
 * @throws RangeError when it would be larger than {@link PLAN_MAX}.
 */
export function encode(plan: Plan, { move, cgroup }: Settlement = {}): Buffer {
  const { frame, own } = split(plan);
  const { ending } = own;
  const { bytes, endingAt, ids, names } = templates.get(frame, { ending: ending?.op });
  const writer = new Writer(bytes);
  if (ending !== undefined) writer.record(ending, endingAt);
  if (cgroup !== undefined) for (const at of names) writer.text(at, cgroup);
  writer.word(header.size, writer.size);
  writer.word(header.timeoutSignal, own.timeoutSignal);
  writer.number(header.timeoutMs, own.timeoutMs);
  if (move !== undefined) for (const at of ids) writer.number(at, movedId(move, writer.buffer.readUInt32LE(at)));
  return writer.buffer.subarray(0, writer.size);
}

/** The bytes of a frame, with room for an ending. */
interface Template {
  readonly bytes: Buffer;
  /** Where the record of the ending belongs. */
  readonly endingAt: number;
  /** Where ids of the host stand. */
  readonly ids: readonly number[];
  /** Where names of cgroups were left out. */
  readonly names: readonly number[];
}

/** By what follows the frame: how much room it takes. */
const templates = new Memo((frame: Frame, { ending }: { readonly ending: EndingOp | undefined }): Template => {
  const writer = new Writer();
  writer.reserve(headerSize);
  const room = ending === undefined ? 0 : recordSize(ending);
  const lists = {
    before: writer.steps(frame.before),
    after: writer.steps(frame.after),
    steps: writer.steps(frame.leading, room),
  };
  writeHeader(writer, frame, lists, frame.leading.length + (ending === undefined ? 0 : 1));
  return {
    bytes: Buffer.from(writer.buffer.subarray(0, writer.size)),
    endingAt: lists.steps + recordSizes(frame.leading),
    ids: writer.ids,
    names: writer.names,
  };
});

/** Where each list of steps begins. */
interface Lists {
  readonly before: number;
  readonly after: number;
  readonly steps: number;
}

function writeHeader(writer: Writer, frame: Frame, lists: Lists, stepsCount: number): void {
  const u32 = (name: keyof typeof HEADER, value: number): void => writer.word(header[name], value);
  u32('magic', PLAN_MAGIC);
  u32('version', WIRE_VERSION);
  u32('slots', frame.slots.length);
  u32('received', frame.received);
  u32('kept', frame.kept);
  u32('detached', frame.detached ? 1 : 0);
  u32('timed', frame.timed === true ? 1 : 0);
  u32('session', frame.session === 'inherit' ? 1 : 0);
  writer.bits(header.clone, NAMESPACES, frame.clone);
  u32('beforeOffset', lists.before);
  u32('beforeCount', frame.before.length);
  u32('stepsOffset', lists.steps);
  u32('stepsCount', stepsCount);
  u32('afterOffset', lists.after);
  u32('afterCount', frame.after.length);
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
    ...(u32('timed') === 1 ? { timed: true as const } : {}),
    ...(u32('session') === 1 ? { session: 'inherit' as const } : {}),
  });
}

/** A growing buffer of zeros. Nothing in it moves once it is written, so an offset stays true. */
class Writer {
  buffer: Buffer;
  size: number;
  /** Where ids of the host were written. */
  readonly ids: number[] = [];
  /** Where a name was left out that is made when the plan is performed. */
  readonly names: number[] = [];
  /**
   * The same memory. Each number of the wire is aligned, and written in the machine's order, which is little-endian.
   */
  #words: Uint32Array;

  /** @param begun What is there already. */
  constructor(begun: Uint8Array = new Uint8Array()) {
    const memory = new ArrayBuffer((begun.length + ROOM + 7) & ~7);
    this.buffer = Buffer.from(memory);
    this.buffer.set(begun);
    this.size = begun.length;
    this.#words = new Uint32Array(memory);
  }

  word(at: number, value: number): void {
    this.#words[at >> 2] = value;
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
        if (value === undefined && field.unique === true) this.names.push(at);
        this.text(at, (value as string | undefined) ?? '');
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
    this.word(at, first);
    this.word(at + 4, second);
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

  /** All texts in one piece: to write each by itself takes longer than all that there is to write. */
  strings(at: number, values: readonly string[]): void {
    const places = this.reserve(values.length * 8);
    this.pair(at, places, values.length);
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

function recordSize(op: Op): number {
  return RECORD_HEAD + 8 * fieldsOf(op).length;
}

function recordSizes(steps: readonly Step[]): number {
  return steps.reduce((sum, { op }) => sum + recordSize(op), 0);
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
      return number === NO_NUMBER && field.optional === true ? undefined : Number(number);
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
      return each((place) => Number(bytes.readBigUInt64LE(place)));
    case 'slots':
      return each((place) => {
        const slot = Number(bytes.readBigUInt64LE(place));
        return slot === NO_SLOT ? 'ignore' : slot;
      });
    case 'steps':
    case 'attempts':
      return readSteps(bytes, offset, count);
  }
}

type Names = Readonly<Record<string, number | bigint>>;

function namesOf(names: Names, bits: bigint): readonly string[] {
  return Object.keys(names).filter((name) => (bits & BigInt(names[name] ?? 0)) !== 0n);
}
