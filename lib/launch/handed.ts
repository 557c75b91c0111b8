/** Streams that a caller hands over in `stdio`: those of carrel's own commands, and others that have a descriptor. */

import type { Duplex } from 'node:stream';
import { native } from './native.js';
import type { Direction } from './streams.js';

/** What Node keeps of a socket: its descriptor, and whether it reads. */
interface Handle {
  readonly fd?: unknown;
  reading?: boolean;
  readStop?(): void;
  close?(): void;
}

/** What is known of a stream that carrel has opened. */
interface Opened {
  readonly descriptor: number;
  readonly direction: Direction;
  /** It was closed, with all said, before it was opened. */
  readonly over?: boolean;
}

/** Streams that carrel has opened. */
const own = new WeakMap<object, Opened>();

/** Notes what carrel has opened. */
export function noteStream(stream: Duplex, opened: Opened): Duplex {
  own.set(stream, opened);
  return stream;
}

export function isOwn(stream: object): stream is Duplex {
  return own.has(stream);
}

/** The descriptor of a stream that carrel has not opened; `undefined` where it has none. */
export function descriptorOf(stream: object): number | undefined {
  const { fd } = stream as { readonly fd?: unknown };
  const found = [fd, handleOf(stream)?.fd].find((one) => typeof one === 'number' && one >= 0);
  return found as number | undefined;
}

/**
 * How a stream that carrel has opened comes to another command. `over`: all that it said was read, or it said nothing.
 * `through`: Node carries it, because somebody reads it here, it was read in part, or nobody can be kept from reading
 * it. `closed`: it is no more.
 */
export function wayOf(stream: Duplex): 'over' | 'through' | 'closed' | { readonly descriptor: number } {
  const { descriptor, direction, over = false }: Opened = own.get(stream) ?? { descriptor: -1, direction: 'both' };
  if (direction === 'read' && (over || stream.readableEnded)) return 'over';
  if (stream.destroyed || (direction === 'written' && stream.writableEnded)) return 'closed';
  // What nobody had touched at the end of its command has no descriptor any more.
  if (descriptor < 0) return 'through';
  const isRead = stream.readableFlowing === true || stream.readableLength > 0;
  if (direction === 'read' && (isRead || handleOf(stream)?.readStop === undefined)) return 'through';
  return { descriptor };
}

/**
 * Has Node read nothing more of it, as `child_process` does with streams in `stdio`; and a program that reads or writes
 * it waits, as programs do.
 */
export function prepare(stream: object, descriptor: number): void {
  const handle = handleOf(stream);
  if (handle?.readStop !== undefined) {
    handle.reading = false;
    handle.readStop();
  }
  if (handle !== undefined) native().setBlocking(descriptor);
}

/**
 * Has Node read nothing more of a stream that carrel has opened. Gives its descriptor, and what takes that from it: the
 * stream goes on with what is pushed into it. `undefined` where this Node, or another runtime, does not let it.
 */
export function takeOver(stream: Duplex): { readonly descriptor: number; close(): void } | undefined {
  const opened = own.get(stream);
  const handle = handleOf(stream);
  if (opened === undefined || opened.descriptor < 0 || handle?.readStop === undefined) return undefined;
  handle.reading = false;
  handle.readStop();
  return {
    descriptor: opened.descriptor,
    close() {
      own.set(stream, { ...opened, descriptor: -1 });
      (stream as { _handle?: Handle | null })._handle = null;
      handle.close?.();
    },
  };
}

/** Gives up the end that is here: the other command has it, and would else never see that the first one is gone. */
export function letGo(stream: Duplex): void {
  if (own.get(stream)?.direction === 'written') stream.end();
  else stream.destroy();
}

function handleOf(stream: object): Handle | undefined {
  return (stream as { readonly _handle?: Handle | null })._handle ?? undefined;
}
