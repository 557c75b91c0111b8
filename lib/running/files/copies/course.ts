/** The course of one copy: what it may take, what it has done, and what it left out. */

import { abortSignal, bytes, integer, knownOptions } from '../../../definition/checks.js';
import { fileTooLarge, invalidType, treeTooLarge } from '../../../errors/errors.js';

const BYTES_MOST = 1024 ** 3;
const ENTRIES_MOST = 100_000;
/** Milliseconds from one report of progress to the next. */
const PROGRESS_MS = 100;

/** How far a copy is. */
export interface CopyProgress {
  /** What was copied last. */
  readonly path: string;
  readonly entries: number;
  /** Of the contents of files. */
  readonly bytes: number;
}

/** Options of `copyIn`, `copyOut`, `pack` and `unpack`. */
export interface CopyOptions {
  /**
   * The most that the contents of all files have together: bytes, or a text such as `'64m'`. Beyond it, the copy
   * rejects with `ERR_FS_FILE_TOO_LARGE`, and what was copied stays. Default: `'1g'`.
   */
  readonly maxBytes?: number | string | undefined;
  /** The most entries; beyond them the same. Default: 100,000. */
  readonly maxEntries?: number | undefined;
  /** Called ten times a second at most, and at the end. What it throws ends the copy. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Ends the copy, which rejects with the signal's reason. A file that was not whole is removed. */
  readonly signal?: AbortSignal | undefined;
}

/** What was left out of a copy. */
export interface Skipped {
  readonly path: string;
  /** Why: `'FIFO'`, `'set-id bits'`, an error's code. */
  readonly reason: string;
}

/** What has become of a copy. */
export interface CopyReport {
  /** Files, directories and links, without the directory that was named itself. */
  readonly entries: number;
  /** Of the contents of files. */
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
}

export class Course {
  readonly signal: AbortSignal | undefined;
  readonly #bytesMost: number;
  readonly #entriesMost: number;
  readonly #onProgress: CopyOptions['onProgress'];
  /** What stands before the path of an entry. */
  #prefix = '';
  #found = 0;
  #taken = 0;
  #entries = 0;
  #bytes = 0;
  #last = '';
  #toldMs = Number.NEGATIVE_INFINITY;
  readonly #skipped: Skipped[] = [];

  /** @throws TypeError or RangeError for options that cannot be; the signal's reason where it is aborted. */
  constructor(call: string, options: CopyOptions = {}) {
    knownOptions(call, options, ['maxBytes', 'maxEntries', 'onProgress', 'signal']);
    const { maxBytes, maxEntries, onProgress, signal } = options;
    abortSignal('signal', signal);
    this.signal = signal;
    this.#bytesMost = maxBytes === undefined ? BYTES_MOST : bytes('maxBytes', maxBytes);
    this.#entriesMost =
      maxEntries === undefined ? ENTRIES_MOST : integer('maxEntries', maxEntries, 0, Number.MAX_SAFE_INTEGER);
    if (onProgress !== undefined && typeof onProgress !== 'function')
      throw invalidType('onProgress', 'a function', onProgress);
    this.#onProgress = onProgress;
  }

  /** Names what is copied, for errors and reports. */
  begin(prefix: string): void {
    this.#prefix = prefix;
    this.check();
  }

  /** How an entry is called. */
  name(path: Uint8Array): string {
    const text = Buffer.from(path).toString();
    if (text === '') return this.#prefix;
    return this.#prefix === '' || this.#prefix.endsWith('/') ? this.#prefix + text : `${this.#prefix}/${text}`;
  }

  /** @throws the signal's reason. */
  check(): void {
    this.signal?.throwIfAborted();
  }

  /** Does what it is about. Once it was aborted, that is what it rejects with, whatever it has ended by. */
  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      this.check();
      throw error;
    }
  }

  /** So many more entries are there to be copied. */
  found(count: number): void {
    this.check();
    this.#found += count;
    if (this.#found > this.#entriesMost) throw treeTooLarge(this.#prefix, this.#entriesMost);
  }

  /** How many more bytes may be taken. */
  get room(): number {
    return this.#bytesMost - this.#taken;
  }

  /** So many more bytes are copied. */
  take(path: Uint8Array, size: number): void {
    this.check();
    if (size > this.room) throw fileTooLarge(this.name(path), this.#taken + size, this.#bytesMost);
    this.#taken += size;
  }

  /** An entry is copied. */
  done(path: Uint8Array, size: number): void {
    this.#entries += 1;
    this.progress(path, size);
  }

  /** So much of an entry is. */
  progress(path: Uint8Array, size: number): void {
    this.#bytes += size;
    if (this.#onProgress === undefined) return;
    this.#last = this.name(path);
    const now = performance.now();
    if (now - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = now;
    this.#tell();
  }

  skip(path: Uint8Array, reason: string): void {
    this.#skipped.push(Object.freeze({ path: this.name(path), reason }));
  }

  /** It has come to its end. */
  end(): CopyReport {
    this.#tell();
    return Object.freeze({
      entries: this.#entries,
      bytes: this.#bytes,
      skipped: Object.freeze([...this.#skipped]),
    });
  }

  #tell(): void {
    this.#onProgress?.({ path: this.#last, entries: this.#entries, bytes: this.#bytes });
  }
}
