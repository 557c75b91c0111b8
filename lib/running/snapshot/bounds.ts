/** How much a keeper looks at, and copies: who moves what it has ahead of it would have it copy the same for ever. */

import { bytes, integer } from '../../definition/checks.js';
import { changesTooLarge, fileTooLarge, treeTooLarge } from '../../errors/errors.js';

const BYTES_MOST = 16 * 1024 ** 3;
const ENTRIES_MOST = 1_000_000;
/** Characters of all paths of a list. */
const TEXT_MOST = 256 * 1024 ** 2;

/** Options of {@link RunningContainer.snapshot} that bound it. */
export interface SnapshotBounds {
  /**
   * The most that it copies: bytes, or a text such as `'64m'`. Beyond it, it rejects with `ERR_FS_FILE_TOO_LARGE`, and
   * nothing is left. Default: `'16g'`.
   */
  readonly maxBytes?: number | string | undefined;
  /** The most entries of all directories; beyond them the same. Default: 1,000,000. */
  readonly maxEntries?: number | undefined;
}

export class Bounds {
  readonly #bytesMost: number;
  readonly #entriesMost: number;
  readonly #tooMany: (path: string, most: number) => Error;
  #bytes = 0;
  #entries = 0;
  #text = 0;

  private constructor(bytesMost: number, entriesMost: number, tooMany: (path: string, most: number) => Error) {
    this.#bytesMost = bytesMost;
    this.#entriesMost = entriesMost;
    this.#tooMany = tooMany;
  }

  /** @throws TypeError or RangeError for bounds that cannot be. */
  static ofSnapshot({ maxBytes, maxEntries }: SnapshotBounds): Bounds {
    return new Bounds(
      maxBytes === undefined ? BYTES_MOST : bytes('maxBytes', maxBytes),
      maxEntries === undefined ? ENTRIES_MOST : integer('maxEntries', maxEntries, 0, Number.MAX_SAFE_INTEGER),
      treeTooLarge,
    );
  }

  static ofChanges(): Bounds {
    return new Bounds(0, ENTRIES_MOST, changesTooLarge);
  }

  /** So many more names are in a directory. */
  found(count: number, path: string): void {
    this.#entries += count;
    if (this.#entries > this.#entriesMost) throw this.#tooMany(path, this.#entriesMost);
  }

  /** So many more bytes were copied. */
  copied(count: number, path: () => string): void {
    this.#bytes += count;
    if (this.#bytes > this.#bytesMost) throw fileTooLarge(path(), this.#bytes, this.#bytesMost);
  }

  /** A path is listed. */
  listed(path: string): void {
    this.#text += path.length;
    if (this.#text > TEXT_MOST) throw this.#tooMany(path.slice(0, 100), this.#entriesMost);
  }
}
