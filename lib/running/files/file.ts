/** A file of a container that is open. */

import { constants } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { integer, knownOptions } from '../../definition/checks.js';
import { type CarrelError, invalidType } from '../../errors/errors.js';
import { readStat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { fault } from './fault.js';
import { CHUNK } from './reading.js';
import type { Performer } from './servers.js';
import { FileStats } from './stats.js';
import { ask, type ContainerPath, inside, NOTHING, shown, type View } from './view.js';
import { opened, WRITTEN_MOST } from './writing.js';

const { EBADF, EMFILE } = constants.errno;
const POSITION_MOST = Number.MAX_SAFE_INTEGER;

/** How many are open at a time, of one user of a container. */
export const OPEN_MOST = 64;

/** Of each view: how many are open, or about to be. */
const counts = new WeakMap<View, number>();

/** A regular file that is open, in the manner of Node's FileHandle. It closes with the container. */
export class ContainerFile implements AsyncDisposable {
  readonly #server: Performer;
  readonly #slot: number;
  readonly #over: () => void;
  #position = 0;
  /** What is done with it: one thing after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @internal It has the server to itself until it is `over`. */
  constructor(server: Performer, slot: number, over: () => void) {
    this.#server = server;
    this.#slot = slot;
    this.#over = over;
  }

  /**
   * Reads into `buffer`, as `FileHandle.read` does.
   *
   * @param length Default: as much as there is room.
   * @param position From where in the file; `null`, the default: from where the last such call ended.
   * @throws StepError; with `EBADF` where it is closed, or its server was ended because it did not answer.
   */
  async read(
    buffer: Uint8Array,
    offset = 0,
    length?: number,
    position: number | null = null,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Uint8Array }> {
    if (!(buffer instanceof Uint8Array)) throw invalidType('buffer', 'a Buffer or Uint8Array', buffer);
    integer('offset', offset, 0, buffer.length);
    const wanted = length === undefined ? buffer.length - offset : integer('length', length, 0, buffer.length - offset);
    const from = this.#from(position);
    let bytesRead = 0;
    while (bytesRead < wanted) {
      const size = Math.min(CHUNK, wanted - bytesRead);
      const step: ServedStep = { op: 'pread', slot: this.#slot, offset: from + bytesRead, length: size };
      const chunk = await this.#ask(step, 'read');
      buffer.set(chunk, offset + bytesRead);
      bytesRead += chunk.length;
      if (chunk.length < size) break;
    }
    if (position === null) this.#position = from + bytesRead;
    return { bytesRead, buffer };
  }

  /**
   * Writes all of it. Of a text, `offset` and `length` count bytes.
   *
   * @param position As `read` has it; a file that was opened to append is written at its end.
   * @throws as `read`.
   */
  async write(
    data: Uint8Array | string,
    offset = 0,
    length?: number,
    position: number | null = null,
  ): Promise<{ readonly bytesWritten: number }> {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw invalidType('data', 'a string or bytes', data);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    integer('offset', offset, 0, bytes.length);
    const wanted = length === undefined ? bytes.length - offset : integer('length', length, 0, bytes.length - offset);
    const from = this.#from(position);
    for (let at = 0; at < wanted; at += WRITTEN_MOST) {
      const content = bytes.subarray(offset + at, offset + Math.min(wanted, at + WRITTEN_MOST));
      await this.#ask({ op: 'pwrite', slot: this.#slot, offset: from + at, content }, 'write');
    }
    if (position === null) this.#position = from + wanted;
    return { bytesWritten: wanted };
  }

  /** Throws as `read`. */
  async stat(): Promise<FileStats> {
    return new FileStats(readStat(await this.#ask({ op: 'fstat', slot: this.#slot }, 'fstat')));
  }

  /**
   * Sets its size.
   *
   * @param length Bytes. Default: 0.
   * @throws as `read`.
   */
  async truncate(length = 0): Promise<void> {
    integer('length', length, 0, POSITION_MOST);
    await this.#ask({ op: 'ftruncate', slot: this.#slot, length }, 'ftruncate');
  }

  /** What it holds, from byte `start` to byte `end`, which is among them. The file stays open. */
  createReadStream(options: { readonly start?: number; readonly end?: number } = {}): Readable {
    knownOptions('createReadStream()', options, ['start', 'end']);
    let at = integer('start', options.start ?? 0, 0, POSITION_MOST);
    const end = options.end === undefined ? POSITION_MOST : integer('end', options.end, at, POSITION_MOST - 1) + 1;
    const chunkAt = (size: number): Promise<Buffer> => this.#chunk(at, size);
    return new Readable({
      read() {
        const size = Math.min(CHUNK, end - at);
        chunkAt(size).then(
          (chunk) => {
            at += chunk.length;
            this.push(chunk.length === 0 ? null : chunk);
          },
          (error: Error) => this.destroy(error),
        );
      },
    });
  }

  /** Writes from byte `start` on what comes. The file stays open. */
  createWriteStream(options: { readonly start?: number } = {}): Writable {
    knownOptions('createWriteStream()', options, ['start']);
    let at = integer('start', options.start ?? 0, 0, POSITION_MOST);
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        const position = at;
        at += chunk.length;
        this.write(chunk, 0, chunk.length, position).then(() => done(), done);
      },
    });
  }

  /** Closes it. What is called later rejects with `EBADF`. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
  }

  #chunk(offset: number, length: number): Promise<Buffer> {
    return length === 0
      ? Promise.resolve(NOTHING)
      : this.#ask({ op: 'pread', slot: this.#slot, offset, length }, 'read');
  }

  #from(position: number | null): number {
    return position === null ? this.#position : integer('position', position, 0, POSITION_MOST);
  }

  async #close(): Promise<void> {
    try {
      await this.#inTurn({ op: 'close', slot: this.#slot }, 'close');
    } finally {
      this.#over();
    }
  }

  async #ask(step: ServedStep, syscall: string): Promise<Buffer> {
    if (this.#closed !== undefined) throw fault(EBADF, { syscall }, [step]);
    const [given = NOTHING] = await this.#inTurn(step, syscall);
    return given;
  }

  #inTurn(step: ServedStep, syscall: string): Promise<readonly Buffer[]> {
    const given = this.#last
      .then(() => ask(this.#server, [step], { syscall }))
      .catch((error: CarrelError) => {
        // A server that did not answer took its file with it.
        throw error.code === 'ERR_SUPERVISOR_LOST' ? fault(EBADF, { syscall }, [step]) : error;
      });
    this.#last = given.catch(() => undefined);
    return given;
  }
}

export async function open(view: View, path: ContainerPath, flags = 'r', mode?: number): Promise<ContainerFile> {
  const slot = view.slots.passing;
  const asked = { syscall: 'open', path: shown(path) };
  const steps = opened(inside(view, 'path', path), slot, flags, mode);
  const count = counts.get(view) ?? 0;
  if (count >= OPEN_MOST) throw fault(EMFILE, asked);
  counts.set(view, count + 1);
  const over = (): void => void counts.set(view, (counts.get(view) ?? 1) - 1);
  return new Promise((resolve, reject) => {
    const job = async (server: Performer): Promise<void> => {
      await ask(server, steps, asked);
      await new Promise<void>((closed) => resolve(new ContainerFile(server, slot, closed)));
    };
    view.lasting.run(job).then(over, (error: Error) => {
      over();
      reject(error);
    });
  });
}
