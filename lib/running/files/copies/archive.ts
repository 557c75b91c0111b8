/** Archives: a tree of a container as a tar stream, and the other way. */

import { Readable } from 'node:stream';
import { invalidType } from '../../../errors/errors.js';
import type { ServedStep } from '../../../plan/steps.js';
import { closeSlots, PATH_MOST } from '../descent.js';
import { ask, type ContainerPath, NOTHING, named, shown, type View } from '../view.js';
import { openOrMake, type Tree } from './copy.js';
import { type CopyOptions, type CopyReport, Course } from './course.js';
import type { Entry, OpenFile } from './entries.js';
import { type Side, slotsOf } from './side.js';
import { BLOCK, padding, SPARSE, type TarHeader, writeHeader } from './tar-header.js';
import { readTar, type TarEntry } from './tar-reader.js';
import { SMALL, TreeReader } from './tree-reader.js';
import { TreeWriter } from './tree-writer.js';

const READ = 512 * 1024;
/** At its end. */
const END = Buffer.alloc(2 * BLOCK);

export function pack(view: View, path: ContainerPath, options?: CopyOptions): Readable {
  const course = new Course('pack()', options);
  const from = named(view, 'path', path);
  course.begin(shown(path));
  const stream = Readable.from(packing(view, from, course), { objectMode: false });
  // Whether anybody reads it or not: it holds a server.
  const { signal } = course;
  const abort = (): void => void stream.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', abort));
  return stream;
}

/** A server is held from one piece to the next, until the last is taken, or nobody wants more. */
async function* packing(view: View, path: string | Uint8Array, course: Course): AsyncGenerator<Buffer> {
  const { side, release } = await hold(view, course);
  const reader = new TreeReader(side, course, path, true);
  try {
    const { stat, entry } = await reader.begin();
    const name = Buffer.from(path).subarray(Buffer.from(path).lastIndexOf('/') + 1);
    if (!stat.isDirectory() && entry !== undefined) yield* pieces({ ...entry, path: name } as Entry, course);
    if (stat.isDirectory())
      for await (const entries of reader.entries()) for (const each of entries) yield* pieces(each, course);
    yield END;
    course.end();
  } finally {
    await reader.close().catch(() => undefined);
    release();
  }
}

/** A server of the container's, until it is let go of. */
function hold(view: View, { signal }: Course): Promise<{ readonly side: Side; readonly release: () => void }> {
  return new Promise((resolve, reject) => {
    view.copying.inside(signal, (side) => new Promise<void>((release) => resolve({ side, release }))).catch(reject);
  });
}

async function* pieces(entry: Entry, course: Course): AsyncGenerator<Buffer> {
  course.check();
  switch (entry.kind) {
    case 'directory':
      yield headerOf(entry, '5', 0, { path: Buffer.concat([entry.path, Buffer.from('/')]) });
      course.done(entry.path, 0);
      return;
    case 'link':
      yield headerOf({ ...entry, mode: 0o777 }, '2', 0, { target: entry.target });
      course.done(entry.path, 0);
      return;
    case 'small':
      yield Buffer.concat([headerOf(entry, '0', entry.content.length), entry.content, padding(entry.content.length)]);
      course.done(entry.path, entry.content.length);
      return;
    case 'open':
      yield headerOf(entry, '0', entry.size);
      yield* contentOf(entry, course);
      course.done(entry.path, 0);
      return;
    case 'streamed':
    case 'hard link':
      // Of a tree none is read.
      return;
  }
}

/** As much as its header says: what shrinks meanwhile ends in zeros, as tar(1) has it. */
async function* contentOf({ side, slot, size, path }: OpenFile, course: Course): AsyncGenerator<Buffer> {
  course.take(path, size);
  for (let offset = 0; offset < size; ) {
    course.check();
    const length = Math.min(READ, size - offset);
    const step: ServedStep = { op: 'pread', slot, offset, length };
    const [read = NOTHING] = await ask(side.server, [step], { syscall: 'read', path: course.name(path) });
    const content = read.length === length ? read : Buffer.concat([read, Buffer.alloc(length - read.length)]);
    course.progress(path, length);
    offset += length;
    yield content;
  }
  yield padding(size);
}

type Headed =
  | Exclude<Entry, { readonly kind: 'hard link' | 'link' }>
  | (Extract<Entry, { readonly kind: 'link' }> & { readonly mode: number });

function headerOf(entry: Headed, type: string, size: number, other: Partial<TarHeader> = {}): Buffer {
  const { path, mode, atimeS, atimeNs, mtimeS, mtimeNs } = entry;
  const times = { atimeS, atimeNs, mtimeS, mtimeNs };
  return writeHeader({ type, path, target: NOTHING, mode, uid: 0, gid: 0, size, ...times, ...other });
}

export async function unpack(
  view: View,
  path: ContainerPath,
  archive: AsyncIterable<Uint8Array>,
  options?: CopyOptions,
): Promise<CopyReport> {
  const course = new Course('unpack()', options);
  const to = named(view, 'path', path);
  if (typeof (archive as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] !== 'function')
    throw invalidType('archive', 'an async iterable of bytes, such as a stream', archive);
  course.begin('');
  const { umask, ended } = view.copying;
  return view.copying.inside(course.signal, (side) => {
    const tree = { side, path: to, shown: shown(path), follows: true, umask };
    return course.run(() => unpackInto(tree, readTar(archive, course, ended), course));
  });
}

async function unpackInto(tree: Tree, archive: AsyncIterable<TarEntry>, course: Course): Promise<CopyReport> {
  const { side, path, umask } = tree;
  const { root } = slotsOf(side);
  try {
    await openOrMake(tree, path);
    // At the root an archive is laid over all that is there, by way of its links too.
    const at = Buffer.from(path).equals(Buffer.from('/')) ? undefined : root;
    const writer = new TreeWriter(side, course, { at, inside: side, unpacks: { umask } });
    try {
      for await (const tarred of archive) {
        const entry = await entryOf(tarred, course);
        if (entry !== undefined) await writer.add(entry);
      }
      await writer.finish();
    } finally {
      await writer.settled();
    }
    return course.end();
  } finally {
    await closeSlots(side.server, [root]).catch(() => undefined);
  }
}

const SET_IDS = 0o6000;
const MODE = 0o1777;
const LEFT_OUT: Readonly<Record<string, string>> = {
  3: 'character device',
  4: 'block device',
  6: 'FIFO',
  S: 'sparse file',
};

/** What is made of an entry; `undefined`: nothing. */
async function entryOf(tarred: TarEntry, course: Course): Promise<Entry | undefined> {
  const path = clamped(tarred.path);
  const { type, size, target, mode: bits } = tarred;
  const times = { atimeS: tarred.atimeS, atimeNs: tarred.atimeNs, mtimeS: tarred.mtimeS, mtimeNs: tarred.mtimeNs };
  const mode = bits & MODE;
  course.found(1);
  // Of the destination itself nothing is changed.
  if (path.length === 0 && (type === '5' || type === 'D')) return undefined;
  const reason = whyNot(tarred, path);
  if (reason !== undefined) {
    course.skip(tarred.path.subarray(0, PATH_MOST), reason);
    return undefined;
  }
  if (type === '5' || type === 'D') return { kind: 'directory', path, mode, ...times };
  if (type === '1') return { kind: 'hard link', path, target: clamped(target) };
  if (type === '2') return { kind: 'link', path, target, ...times };
  if ((bits & SET_IDS) !== 0) course.skip(path, 'set-id bits');
  course.take(path, size);
  if (size > SMALL) return { kind: 'streamed', path, mode, content: tarred.pieces(), ...times };
  return { kind: 'small', path, mode, content: Buffer.from(await tarred.whole()), ...times };
}

/** Why nothing is made of an entry, whatever is there. */
function whyNot({ type, target, records }: TarEntry, path: Buffer): string | undefined {
  if (records.has(SPARSE)) return LEFT_OUT.S;
  if (!'0125D'.includes(type)) return LEFT_OUT[type] ?? `type ${JSON.stringify(type)}`;
  if (path.length === 0 || path.includes(0)) return 'no name';
  const isLink = type === '1' || type === '2';
  if (isLink && (target.length === 0 || target.includes(0))) return 'no target';
  return path.length > PATH_MOST || (isLink && target.length > PATH_MOST) ? 'ENAMETOOLONG' : undefined;
}

/** A path below the destination: `..` leads no further up than there, and a slash at its beginning to nowhere else. */
function clamped(path: Buffer): Buffer {
  const parts: string[] = [];
  for (const part of path.toString('latin1').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return Buffer.from(parts.join('/'), 'latin1');
}
