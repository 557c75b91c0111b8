/**
 * Streams on descriptors that are ours already, close with them, and wait in the event loop: Node's own sockets, which
 * Deno has as well.
 *
 * Bun (seen in 1.4) takes over a descriptor by `connect()` alone, only if it is a socket, and reads a pipe by `node:fs`
 * in a thread for each, of which there are few. Its own files wait as they should.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { Duplex, type DuplexOptions } from 'node:stream';
import { native } from './native.js';
import { isReleased, release } from './release.js';

/** What goes through a stream, as its opener sees it. */
export type Direction = 'read' | 'written' | 'both';

/** What of Bun's global object is used here. */
interface Bun {
  file(descriptor: number): {
    stream(): ReadableStream<Uint8Array>;
    writer(): Sink;
  };
}

interface Sink {
  write(bytes: Uint8Array): number | Promise<number>;
  flush(): number | Promise<number>;
  end(): number | Promise<number>;
}

interface ReadableStream<Chunk> {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Chunk }>; cancel(): Promise<void> };
}

/** Half of a Duplex; the types of Node 20 do not know that it can be. */
type PipeEnd = DuplexOptions & { readonly readable?: false; readonly writable?: false } & ThisType<Duplex>;

/** Node has it here too, and its types do not say so. */
type DrainedOptions = SocketConstructorOpts & { readonly onread: OnReadOpts };

const bun = (globalThis as { readonly Bun?: Bun }).Bun;
/** Only Node reads into a buffer that it is given. Deno (seen in 2.5) throws. */
const isNode = bun === undefined && !('Deno' in globalThis);

/** What is read at a time of a stream that is drained, by all of them in turn. */
const DRAINED_SIZE = 65_536;
let drained: Buffer | undefined;

/** A connected stream socket. `allowHalfOpen`: whether it may still be written when the other side has ended. */
export function openSocket(descriptor: number, allowHalfOpen = false): Socket {
  if (bun === undefined) return new Socket({ fd: descriptor, allowHalfOpen });
  const socket = new Socket({ allowHalfOpen });
  // A descriptor is no address; to Bun it is.
  (socket.connect as unknown as (options: { fd: number }) => void).call(socket, { fd: descriptor });
  return socket;
}

/** The end of a pipe that is read, from {@link release} on. */
export function openReader(descriptor: number): Duplex {
  return bun === undefined
    ? new HeldSocket({ fd: descriptor, readable: true, writable: false })
    : bunReader(bun, descriptor);
}

/**
 * The end of a pipe that is read from now on, as fast as it comes and to its end. `taken` gets the bytes, and copies
 * those that it needs: the next ones come into the same buffer. So a flood leaves no garbage.
 */
export function openDrained(descriptor: number, taken: (bytes: Buffer) => void): Duplex {
  if (!isNode) return openReleased(descriptor).on('data', taken);
  drained ??= Buffer.allocUnsafeSlow(DRAINED_SIZE);
  const buffer = drained;
  const callback = (size: number): boolean => {
    taken(buffer.subarray(0, size));
    return true;
  };
  const options: DrainedOptions = { fd: descriptor, readable: true, writable: false, onread: { buffer, callback } };
  return new Socket(options).resume();
}

function openReleased(descriptor: number): Duplex {
  const stream = openReader(descriptor);
  release(stream);
  return stream;
}

/** A command's end of a socket, which is read from {@link release} on. */
export function openHeldSocket(descriptor: number, allowHalfOpen = false): Socket {
  return bun === undefined ? new HeldSocket({ fd: descriptor, allowHalfOpen }) : openSocket(descriptor, allowHalfOpen);
}

/**
 * Reads nothing before it is released. What a command says can be there before the word that it runs: with
 * `child_process` too the `spawn` event comes before all data.
 */
class HeldSocket extends Socket {
  override _read(size: number): void {
    if (isReleased(this)) super._read(size);
  }
}

/** The end of a pipe that is written. */
export function openWriter(descriptor: number): Duplex {
  return bun === undefined
    ? new Socket({ fd: descriptor, readable: false, writable: true })
    : bunWriter(bun, descriptor);
}

/** A stream on nothing: it has what is pushed into it. */
export function openNothing(direction: Direction): Duplex {
  const ends = { readable: direction !== 'written', writable: direction !== 'read' };
  return bun === undefined ? new Unconnected(ends) : new Duplex({ ...ends, read() {} } as PipeEnd);
}

/** Ends without waiting for a connection. */
class Unconnected extends Socket {
  override _final(callback: (error?: Error | null) => void): void {
    callback();
  }
}

function bunReader({ file }: Bun, descriptor: number): Duplex {
  const reader = file(descriptor).stream().getReader();
  const ends: PipeEnd = {
    writable: false,
    read() {
      reader.read().then(
        ({ done, value }) => this.push(done || value === undefined ? null : Buffer.from(value)),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      void reader
        .cancel()
        .catch(() => undefined)
        .then(() => closed(descriptor, error, callback));
    },
  };
  return new Duplex(ends);
}

function bunWriter({ file }: Bun, descriptor: number): Duplex {
  const sink = file(descriptor).writer();
  const ends: PipeEnd = {
    readable: false,
    write(bytes: Uint8Array, _encoding, callback) {
      flushed(sink, bytes).then(() => callback(), callback);
    },
    destroy(error, callback) {
      void (async () => sink.end())()
        .catch(() => undefined)
        .then(() => closed(descriptor, error, callback));
    },
  };
  return new Duplex(ends);
}

/** A reader that is gone is told by throwing or by rejecting: async makes them one. */
async function flushed(sink: Sink, bytes: Uint8Array): Promise<void> {
  // Either may be the one that tells of it, and what nobody waits for ends the program.
  await Promise.all([sink.write(bytes), sink.flush()]);
}

/** Bun's files leave the descriptor to its opener. */
function closed(descriptor: number, error: Error | null, callback: (error: Error | null) => void): void {
  native().close(descriptor);
  callback(error);
}
