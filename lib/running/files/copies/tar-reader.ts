/** Reads a tar archive as it comes: its entries, and the content of each, in pieces. Nothing of it is trusted. */

import { invalidArchive, invalidType } from '../../../errors/errors.js';
import type { Course } from './course.js';
import {
  BLOCK,
  hasMapBehind,
  type Records,
  readHeader,
  readRecords,
  type TarHeader,
  withRecords,
} from './tar-header.js';

/** Of what stands before an entry, and is kept in memory or passed over: names and records, with their headers. */
const META_MOST = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const CUT = 'it ends in the midst of a header';

/** An archive, from one byte to the next. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #course: Course;
  readonly #signals: readonly AbortSignal[];
  #rest: Buffer = NOTHING;

  constructor(archive: AsyncIterable<Uint8Array>, course: Course, ended: AbortSignal) {
    this.#source = archive[Symbol.asyncIterator]();
    this.#course = course;
    this.#signals = course.signal === undefined ? [ended] : [course.signal, ended];
  }

  /** Up to `most` bytes, as they come; none at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#next();
      if (done === true) return NOTHING;
      if (!(value instanceof Uint8Array)) throw invalidType('archive', 'an iterable of bytes', value);
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const some = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(some.length);
    return some;
  }

  /** So many bytes; fewer where it ends before. */
  async take(size: number): Promise<Buffer> {
    const first = await this.some(size);
    if (first.length === size || first.length === 0) return first;
    const pieces = [first];
    for (let left = size - first.length; left > 0; ) {
      const piece = await this.some(left);
      if (piece.length === 0) break;
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0; ) {
      this.#course.check();
      const { length } = await this.some(left);
      if (length === 0) throw invalidArchive('it ends in the midst of an entry');
      left -= length;
    }
  }

  /** Who gives the bytes is told that no more are wanted, and not waited for. */
  close(): void {
    const closing: unknown = this.#source.return?.();
    if (closing instanceof Promise) closing.catch(() => undefined);
  }

  /** What never comes is not waited for once the copy is aborted, or the container has ended. */
  async #next(): Promise<IteratorResult<Uint8Array, unknown>> {
    const ends: (() => void)[] = [];
    const ended = new Promise<never>((_, reject) => {
      for (const signal of this.#signals) {
        signal.throwIfAborted();
        const end = (): void => reject(signal.reason);
        signal.addEventListener('abort', end, { once: true });
        ends.push(() => signal.removeEventListener('abort', end));
      }
    });
    try {
      return await Promise.race([this.#source.next(), ended]);
    } finally {
      for (const end of ends) end();
    }
  }
}

/** An entry of an archive. Its content is read before the next entry, or left out. */
export interface TarEntry extends TarHeader {
  /** Its content as a whole. */
  whole(): Promise<Buffer>;
  /** Its content in pieces. */
  pieces(): AsyncGenerator<Buffer, void, undefined>;
  /** What PAX records say of it. */
  readonly records: Records;
}

/** @throws `ERR_ARCHIVE_INVALID` for what is no archive, or ends in the midst of one. */
export async function* readTar(
  archive: AsyncIterable<Uint8Array>,
  course: Course,
  ended: AbortSignal,
): AsyncGenerator<TarEntry, void, undefined> {
  const bytes = new Bytes(archive, course, ended);
  try {
    let global: Records = new Map();
    for (;;) {
      const next = await nextHeader(bytes, course, global);
      if (next === undefined) return;
      global = next.global;
      let left = next.header.size;
      const piece = async (most: number): Promise<Buffer> => {
        const some = await bytes.some(Math.min(most, left));
        if (some.length === 0) throw invalidArchive('it ends in the midst of a file');
        left -= some.length;
        return some;
      };
      yield {
        ...next.header,
        records: next.records,
        async whole() {
          const content = await bytes.take(left);
          if (content.length < left) throw invalidArchive('it ends in the midst of a file');
          left = 0;
          return content;
        },
        async *pieces() {
          while (left > 0) yield await piece(left);
        },
      };
      await bytes.skip(left + ((BLOCK - (next.header.size % BLOCK)) % BLOCK));
    }
  } finally {
    bytes.close();
  }
}

interface Next {
  readonly header: TarHeader;
  readonly records: Records;
  readonly global: Records;
}

/** The next entry's header, with those that stand before it and tell more of it. */
async function nextHeader(bytes: Bytes, course: Course, global: Records): Promise<Next | undefined> {
  let all = global;
  let records: Records = new Map();
  let name: Buffer | undefined;
  let target: Buffer | undefined;
  let meta = 0;
  const count = (size: number): void => {
    meta += size;
    if (meta > META_MOST) throw invalidArchive(`names and records have up to ${META_MOST} bytes, and here ${meta}`);
  };
  for (let blanks = 0; ; ) {
    course.check();
    const block = await bytes.take(BLOCK);
    // Many archives lack the two blocks of zeros at their end.
    if (block.length === 0) return undefined;
    if (block.length < BLOCK) throw invalidArchive(CUT);
    if (block.every((byte) => byte === 0)) {
      blanks += 1;
      if (blanks < 2) continue;
      return undefined;
    }
    const header = readHeader(block);
    if (header === undefined) throw invalidArchive('a header is damaged, or it is compressed, or no tar archive');
    if (header.type === 'S') await skipMap(bytes, block, count);
    if (!'xgLK'.includes(header.type)) {
      const named = { ...header, path: name ?? header.path, target: target ?? header.target };
      const whole = withRecords(named, new Map([...all, ...records]));
      if (whole === undefined) throw invalidArchive('a record says what cannot be');
      return { header: whole, records, global: all };
    }
    count(BLOCK + header.size);
    const body = await metaOf(bytes, header.size);
    if (header.type === 'L') name = upToNul(body);
    else if (header.type === 'K') target = upToNul(body);
    else {
      const read = readRecords(body);
      if (read === undefined) throw invalidArchive('its records are damaged');
      if (header.type === 'g') all = new Map([...all, ...read]);
      else records = read;
    }
  }
}

/** The map of a sparse file stands between its header and its content, and no size counts it. tar(5), GNU */
async function skipMap(bytes: Bytes, header: Buffer, count: (size: number) => void): Promise<void> {
  for (let more = hasMapBehind(header, 'header'); more; ) {
    count(BLOCK);
    const block = await bytes.take(BLOCK);
    if (block.length < BLOCK) throw invalidArchive(CUT);
    more = hasMapBehind(block, 'map');
  }
}

async function metaOf(bytes: Bytes, size: number): Promise<Buffer> {
  const body = Buffer.from(await bytes.take(size));
  if (body.length < size) throw invalidArchive('it ends in the midst of a record');
  await bytes.skip((BLOCK - (size % BLOCK)) % BLOCK);
  return body;
}

function upToNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
