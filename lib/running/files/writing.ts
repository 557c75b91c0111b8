/** Files that are written whole, or added to. */

import { integer, knownOptions } from '../../definition/checks.js';
import { invalidType, unknownName } from '../../errors/errors.js';
import type { OpenFlag } from '../../plan/constants.js';
import type { ServedStep, StepOf } from '../../plan/steps.js';
import { aborting } from './abort.js';
import { checkEncoding } from './reading.js';
import { ask, type ContainerPath, inside, letGo, shown, type View } from './view.js';

/** What is written with one list. */
export const WRITTEN_MOST = 128 * 1024;

/** How a file is opened, by Node's flags. `truncates`: what it held is gone, which is another step. */
interface Opening {
  readonly flags: readonly OpenFlag[];
  readonly truncates: boolean;
}

const opening = (truncates: boolean, ...flags: readonly OpenFlag[]): Opening => ({ flags, truncates });

const FLAGS: Readonly<Record<string, Opening>> = {
  r: opening(false),
  'r+': opening(false, 'readWrite'),
  w: opening(true, 'write', 'create'),
  wx: opening(false, 'write', 'create', 'exclusive'),
  'w+': opening(true, 'readWrite', 'create'),
  'wx+': opening(false, 'readWrite', 'create', 'exclusive'),
  a: opening(false, 'write', 'create', 'append'),
  ax: opening(false, 'write', 'create', 'append', 'exclusive'),
  'a+': opening(false, 'readWrite', 'create', 'append'),
  'ax+': opening(false, 'readWrite', 'create', 'append', 'exclusive'),
};
const MODE = 0o666;
const MODE_MOST = 0o7777;

export function checkMode(mode: unknown, otherwise: number): number {
  return mode === undefined ? otherwise : integer('mode', mode, 0, MODE_MOST);
}

/** The steps that open a file as Node's flag says. */
export function opened(
  path: string | Uint8Array,
  slot: number,
  flag: unknown = 'r',
  mode: unknown = undefined,
): readonly ServedStep[] {
  const { flags, truncates } = flagOf(flag);
  const open: StepOf<'open'> = {
    op: 'open',
    slot,
    path,
    kind: 'file',
    flags,
    nofollow: false,
    mode: checkMode(mode, MODE),
  };
  return truncates ? [open, { op: 'ftruncate', slot, length: 0 }] : [open];
}

function flagOf(flag: unknown): Opening {
  if (typeof flag !== 'string') throw invalidType('flag', 'a string', flag);
  const found = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
  if (found === undefined) throw unknownName('flag', flag, Object.keys(FLAGS));
  return found;
}

/** What can be written: text, bytes, or pieces of either that come one by one. */
export type FileData = string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

export interface WriteFileOptions {
  /** Of texts. Default: `'utf8'`. */
  readonly encoding?: BufferEncoding | undefined;
  /** Of a file that is made, before the container's umask. Default: `0o666`. */
  readonly mode?: number | undefined;
  /** As Node has them. Default: `'w'`. */
  readonly flag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function writeFile(
  view: View,
  path: ContainerPath,
  data: FileData,
  given: BufferEncoding | WriteFileOptions = {},
): Promise<void> {
  const options = typeof given === 'string' ? { encoding: given } : given;
  knownOptions('writeFile()', options, ['encoding', 'mode', 'flag', 'signal']);
  const { encoding, mode, flag = 'w', signal } = options;
  const slot = view.slots.passing;
  const begin = opened(inside(view, 'path', path), slot, flag, mode);
  const pieces = piecesOf(data, encoding === undefined ? 'utf8' : checkEncoding(encoding));
  const asked = { syscall: 'open', path: shown(path) };
  await aborting(signal, async () => {
    if (pieces instanceof Uint8Array && pieces.length <= WRITTEN_MOST) {
      const write: readonly ServedStep[] =
        pieces.length === 0 ? [] : [{ op: 'pwrite', slot, offset: 0, content: pieces }];
      await ask(view.brief, [...begin, ...write, { op: 'close', slot }], asked, { pwrite: 'write', close: 'close' });
    } else {
      await writePieces(view, begin, pieces, asked.path, signal);
    }
  });
}

/** A piece after the other, into a file that stays open meanwhile. */
function writePieces(
  view: View,
  begin: readonly ServedStep[],
  pieces: Uint8Array | AsyncIterable<Uint8Array>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const slot = view.slots.passing;
  // Who gives it in pieces takes as long as it likes.
  const servers = pieces instanceof Uint8Array ? view.long : view.lasting;
  return servers.run(async (server) => {
    await ask(server, begin, { syscall: 'open', path });
    try {
      let offset = 0;
      for await (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) {
        for (let at = 0; at < piece.length; at += WRITTEN_MOST) {
          signal?.throwIfAborted();
          const content = piece.subarray(at, at + WRITTEN_MOST);
          await ask(server, [{ op: 'pwrite', slot, offset, content }], { syscall: 'write' });
          offset += content.length;
        }
      }
    } catch (error) {
      await letGo(server, slot);
      throw error;
    }
    await ask(server, [{ op: 'close', slot }], { syscall: 'close' });
  });
}

function piecesOf(data: unknown, encoding: BufferEncoding): Uint8Array | AsyncIterable<Uint8Array> {
  const bytesOf = (piece: unknown): Uint8Array => {
    if (typeof piece === 'string') return Buffer.from(piece, encoding);
    if (piece instanceof Uint8Array) return piece;
    throw invalidType('data', 'a string, bytes, or an iterable of those', piece);
  };
  const each = data as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const isIterable =
    typeof data === 'object' && (each?.[Symbol.asyncIterator] ?? each?.[Symbol.iterator]) !== undefined;
  if (data instanceof Uint8Array || !isIterable) return bytesOf(data);
  return (async function* () {
    for await (const piece of data as AsyncIterable<unknown>) yield bytesOf(piece);
  })();
}
