/** Messages as bytes, and back: the only place in TypeScript that knows how they lie, which messages.ts draws. Pure. */

import { type Layout, readerOf, sizeOf, type ValuesOf, writerOf } from './layout.js';
import {
  BYTES_MAX,
  HEAD,
  MESSAGES,
  type Message,
  type MessageKind,
  type MessageTo,
  type Side,
  TEXT_MAX,
} from './messages.js';

const NOTHING = Buffer.alloc(0);
const HEAD_SIZE = sizeOf(HEAD);
const readHead = readerOf(HEAD);
const writeHead = writerOf(HEAD);

/** A row of the table, prepared. */
interface Form {
  readonly kind: MessageKind;
  readonly number: number;
  readonly to: Side;
  /** Bytes without what is behind the fields. */
  readonly size: number;
  /** What is behind them, and how much it can be. */
  readonly behind: 'text' | 'bytes' | undefined;
  readonly behindMax: number;
  readonly descriptors: readonly [least: number, most: number];
  readonly read: (bytes: Buffer, begin: number) => ValuesOf<Layout>;
  readonly write: (bytes: Buffer, begin: number, values: ValuesOf<Layout>) => void;
}

const FORMS: Readonly<Record<MessageKind, Form>> = Object.fromEntries(
  Object.entries(MESSAGES).map(([kind, row]) => [kind, formOf(kind as MessageKind, row)]),
) as Record<MessageKind, Form>;
const BY_NUMBER: ReadonlyMap<number, Form> = new Map(Object.values(FORMS).map((form) => [form.number, form]));

function formOf(kind: MessageKind, row: (typeof MESSAGES)[MessageKind]): Form {
  const fields: Layout = row.fields;
  return {
    kind,
    number: row.number,
    to: row.to,
    size: HEAD_SIZE + sizeOf(fields),
    behind: 'text' in row ? 'text' : 'bytes' in row ? 'bytes' : undefined,
    behindMax: 'text' in row ? TEXT_MAX : 'bytes' in row ? BYTES_MAX : 0,
    descriptors: 'descriptors' in row ? row.descriptors : [0, 0],
    read: readerOf(fields),
    write: writerOf(fields),
  };
}

/** `descriptors`: how many come with it. */
export function encodeMessage(message: Message, descriptors = 0): Buffer {
  const form = FORMS[message.kind];
  const whole = 'text' in message ? Buffer.from(message.text) : 'bytes' in message ? message.bytes : NOTHING;
  const last = whole.subarray(0, form.behindMax);
  const bytes = Buffer.alloc(form.size + last.length);
  writeHead(bytes, 0, { kind: form.number, size: bytes.length, supervisor: message.supervisor, descriptors });
  form.write(bytes, HEAD_SIZE, message as unknown as ValuesOf<Layout>);
  bytes.set(last, form.size);
  return bytes;
}

/** A message that was read. */
export interface Read<S extends Side> {
  readonly message: MessageTo<S>;
  /** How many descriptors come with it. */
  readonly descriptors: number;
  /** How many bytes it took. */
  readonly size: number;
}

/**
 * Reads the message that the bytes begin with. `undefined` where it is not there as a whole.
 *
 * @throws RangeError where it is none that this side reads.
 */
export function readMessage<S extends Side>(bytes: Buffer, to: S): Read<S> | undefined {
  if (bytes.length < HEAD_SIZE) return undefined;
  const { kind, size, supervisor, descriptors } = readHead(bytes, 0);
  const form = BY_NUMBER.get(kind);
  if (form === undefined || form.to !== to) throw new RangeError(`the ${to} knows no message ${kind}`);
  if (size < form.size || size > form.size + form.behindMax)
    throw new RangeError(`a message "${form.kind}" cannot have ${size} bytes`);
  const [least, most] = form.descriptors;
  if (descriptors < least || descriptors > most)
    throw new RangeError(`a message "${form.kind}" cannot have ${descriptors} descriptors`);
  if (bytes.length < size) return undefined;
  const message = { kind: form.kind, supervisor, ...form.read(bytes, HEAD_SIZE), ...readBehind(form, bytes, size) };
  return { message: message as unknown as MessageTo<S>, descriptors, size };
}

function readBehind({ behind, size: begin }: Form, bytes: Buffer, end: number): object {
  switch (behind) {
    case undefined:
      return {};
    case 'text':
      return { text: bytes.toString('utf8', begin, end) };
    case 'bytes':
      // A copy: what was read holds the messages of many.
      return { bytes: Buffer.from(bytes.subarray(begin, end)) };
    default:
      return behind satisfies never;
  }
}
