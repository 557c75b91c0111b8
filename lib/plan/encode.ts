/** A plan as bytes, and back. The layout of the wire is drawn in wire.ts. */

import { addressText } from './addresses.js';
import { movedId, type Settlement } from './compose.js';
import { NAMESPACES, type Namespace } from './constants.js';
import { type Field, NO_SLOT } from './fields.js';
import { completedPlan, type Frame, split } from './frame.js';
import { offsetsOf, sizeOf } from './layout.js';
import { Memo } from './memo.js';
import { freezeDeep, type Plan } from './plan.js';
import { type ContainerStep, type EndingOp, fieldsOf, type HostStep, OPS, type Op, type Step } from './steps.js';
import { HEADER, PLAN_MAGIC, PLAN_MAX, RECORD_HEAD, WIRE_VERSION } from './wire.js';
import { recordSize, recordSizes, type SharedTexts, Writer, type Written } from './writer.js';

const header = offsetsOf(HEADER);
const headerSize = sizeOf(HEADER);
/** Bytes for the name of a cgroup. */
const NAME_ROOM = 64;
const NO_NUMBER = 2n ** 64n - 1n;
const opNames = new Map(Object.entries(OPS).map(([op, number]) => [number, op as Op]));

/**
 * Encodes a plan for the launcher; with `settlement`, as `settled` would have it.
 *
 * The frame of a plan is written once, and copied for every command that shares it. A plan that is encoded again is
 * copied whole.
 *
 * @throws RangeError when it would be larger than {@link PLAN_MAX}.
 */
export function encode(plan: Plan, settlement: Settlement = {}): Buffer {
  const known = completedPlan(plan);
  if (typeof known?.encoded === 'object') {
    const { encoded } = known;
    return settle(new Writer(encoded, encoded.names.length * NAME_ROOM), settlement);
  }
  const writer = write(plan);
  if (known !== undefined) {
    known.encoded += 1;
    // Most commands that differ from those before are run once.
    if (known.encoded > 1 && writer.size <= KEPT_MOST) known.encoded = writer.written();
  }
  return settle(writer, settlement);
}

/** What is larger is not kept. */
const KEPT_MOST = 1024 * 1024;

/** The bytes of a frame, with room for an ending. */
interface Template extends Written {
  /** Where the record of the ending belongs. */
  readonly endingAt: number;
  /** The environment of the ending, where it is the frame's. */
  readonly environment: SharedTexts | undefined;
}

function write(plan: Plan): Writer {
  const { frame, own } = split(plan);
  const { ending } = own;
  const environment = ending?.op === 'exec' ? ending.env : undefined;
  const hasOwn = environment !== frame.environment;
  const template = templates.get(frame, { ending: ending?.op, hasOwn });
  const writer = new Writer(template);
  // It stands at the same place, whether it is the frame's or not: the same plan gives the same bytes.
  if (environment !== undefined) writer.share(template.environment ?? writer.texts(environment));
  if (ending !== undefined) writer.record(ending, template.endingAt);
  writer.word(header.size, writer.size);
  writer.word(header.timeoutSignal, own.timeoutSignal);
  writer.number(header.timeoutMs, own.timeoutMs);
  return writer;
}

/** Writes what is settled over what was written without it. */
function settle(writer: Writer, { move, cgroup }: Settlement): Buffer {
  if (cgroup !== undefined && writer.names.length > 0) {
    for (const at of writer.names) writer.text(at, cgroup);
    writer.word(header.size, writer.size);
  }
  if (move !== undefined) for (const at of writer.ids) writer.number(at, movedId(move, writer.wordAt(at)));
  return writer.buffer.subarray(0, writer.size);
}

/** What follows the frame. */
interface Following {
  readonly ending: EndingOp | undefined;
  /** Whether its environment is its own, and not the frame's. */
  readonly hasOwn: boolean;
}

const makeTemplate = (frame: Frame, { ending, hasOwn }: Following): Template => {
  const writer = new Writer();
  writer.reserve(headerSize);
  const room = ending === undefined ? 0 : recordSize(ending);
  const lists = {
    before: writer.steps(frame.before),
    after: writer.steps(frame.after),
    steps: writer.steps(frame.leading, room),
  };
  writeHeader(writer, frame, lists, frame.leading.length + (ending === undefined ? 0 : 1));
  const { environment } = frame;
  const shared = hasOwn || environment === undefined ? undefined : writer.texts(environment);
  return { ...writer.written(), endingAt: lists.steps + recordSizes(frame.leading), environment: shared };
};

const templates = new Memo(makeTemplate, { most: 2 });

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

/** A text where it is one, as it would have been written. */
function readName(bytes: Buffer): string | Uint8Array {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : new Uint8Array(bytes);
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
      return Number(bytes.readBigInt64LE(at));
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
    case 'name':
      return readName(bytes.subarray(offset, offset + count));
    case 'address':
      return count === 0 ? undefined : addressText(bytes.subarray(offset, offset + count));
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
