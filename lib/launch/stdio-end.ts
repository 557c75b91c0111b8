/**
 * The caller's end of what is between Node and a command: a descriptor until it is touched, a stream from then on. Such
 * a stream costs more than the pipe, and most are never touched.
 */

import type { Duplex } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { noteStream, takeOver } from './handed.js';
import { native } from './native.js';
import { isUnread, release } from './release.js';
import { type Direction, openHeldSocket, openNothing, openReader, openWriter } from './streams.js';

const OPEN: Readonly<Record<Direction, (descriptor: number) => Duplex>> = {
  read: openReader,
  written: openWriter,
  both: openHeldSocket,
};

/** What is read at once of an end that nobody has touched, and how often: a pipe holds up to 1 MiB. pipe(7) */
const CHUNK_SIZE = 65_536;
const CHUNKS_MOST = 17;

let chunk: Buffer | undefined;

/** What an end is. */
type State =
  | { readonly is: 'untouched'; readonly descriptor: number }
  | { readonly is: 'stream'; readonly stream: Duplex }
  /** Closed before anybody has touched it. `ended`: nothing was said, and the process has not said `close` yet. */
  | { readonly is: 'ended' | 'closed' | 'destroyed' };

export class StdioEnd {
  readonly #direction: Direction;
  #state: State;
  #released = false;

  constructor(direction: Direction, state: State) {
    this.#direction = direction;
    this.#state = state;
  }

  /** Takes over `descriptor`. Who reads from it does so from {@link release} on. */
  static of(descriptor: number, direction: Direction): StdioEnd {
    const end = new StdioEnd(direction, { is: 'untouched', descriptor });
    // A stream is closed with its thread. A mere descriptor would stay for as long as the process.
    if (!isMainThread) end.touch();
    return end;
  }

  /** The end that is a stream already. */
  static around(stream: Duplex): StdioEnd {
    return new StdioEnd('both', { is: 'stream', stream });
  }

  /** Its stream, if it has one. */
  get stream(): Duplex | undefined {
    return this.#state.is === 'stream' ? this.#state.stream : undefined;
  }

  /** Its stream, made if there is none. */
  touch(): Duplex {
    const state = this.#state;
    switch (state.is) {
      case 'stream':
        return state.stream;
      case 'untouched': {
        const { descriptor } = state;
        const stream = noteStream(OPEN[this.#direction](descriptor), { descriptor, direction: this.#direction });
        if (this.#released) release(stream);
        return this.#become(stream);
      }
      default:
        return this.#become(this.#late(state.is));
    }
  }

  /** What the command says may be read from now on. */
  release(): void {
    this.#released = true;
    if (this.stream !== undefined) release(this.stream);
  }

  /** Closes it, whatever it holds. */
  destroy(): void {
    if (this.#state.is === 'untouched') this.#close(this.#state.descriptor, 'destroyed');
    else this.stream?.destroy();
  }

  /**
   * The command has ended. What nobody has touched, or has begun to read, is closed, so that no descriptor waits for
   * somebody who may never come; what it holds becomes a stream. So does one that somebody else can write to still.
   */
  settle(): void {
    if (this.#state.is === 'stream' && this.#direction === 'read') keepRest(this.#state.stream);
    if (this.#state.is !== 'untouched') return;
    const { descriptor } = this.#state;
    const chunks: Buffer[] = [];
    const ended = readRest(descriptor, chunks);
    if (!ended) {
      const stream = this.touch();
      if (chunks.length > 0) stream.unshift(Buffer.concat(chunks));
      return;
    }
    this.#close(descriptor, 'ended');
    if (chunks.length > 0) this.#become(this.#late('ended', Buffer.concat(chunks)));
  }

  /** Nobody has touched it before the process said `close`. */
  finish(): void {
    if (this.#state.is === 'ended') this.#state = { is: 'closed' };
  }

  #become(stream: Duplex): Duplex {
    this.#state = { is: 'stream', stream };
    return stream;
  }

  #close(descriptor: number, is: 'ended' | 'destroyed'): void {
    this.#state = { is };
    native().close(descriptor);
  }

  /** The stream of what is closed, as it would be had it been there all the time. */
  #late(was: 'ended' | 'closed' | 'destroyed', bytes?: Buffer): Duplex {
    const direction = this.#direction;
    const stream = openNothing(direction);
    if (direction !== 'written' && was !== 'destroyed') {
      if (bytes !== undefined) stream.push(bytes);
      stream.push(null);
    }
    if (was !== 'ended') stream.destroy();
    else {
      if (direction === 'both') stream.end();
      // Nobody need read what is empty: it ends by itself.
      stream.read(0);
    }
    return noteStream(stream, { descriptor: -1, direction, over: was === 'closed' });
  }
}

/** What nobody has begun to read holds its bytes in memory from now on, as far as nobody else can add some. */
function keepRest(stream: Duplex): void {
  if (stream.destroyed || stream.readableEnded || !isUnread(stream)) return;
  const taken = takeOver(stream);
  if (taken === undefined) return;
  const chunks: Buffer[] = [];
  const ended = readRest(taken.descriptor, chunks);
  for (const bytes of chunks) stream.push(bytes);
  if (!ended) return;
  taken.close();
  // It ends for who reads it, also where it is empty: who comes late would wait for an end that is over.
  stream.push(null);
}

/** Reads what there is. Gives whether nothing more can come. */
function readRest(descriptor: number, ret: Buffer[]): boolean {
  chunk ??= Buffer.allocUnsafeSlow(CHUNK_SIZE);
  for (let count = 0; count < CHUNKS_MOST; count += 1) {
    const size = native().tryRead(descriptor, chunk);
    if (size === undefined) return false;
    if (size === 0) return true;
    ret.push(Buffer.from(chunk.subarray(0, size)));
  }
  return false;
}
