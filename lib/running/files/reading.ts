/** Files that are read whole. */

import { bytes, knownOptions } from '../../definition/checks.js';
import { fileTooLarge, invalidType, invalidValue } from '../../errors/errors.js';
import { readStat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { aborting } from './abort.js';
import { ask, type ContainerPath, inside, letGo, NOTHING, shown, type View } from './view.js';

/** What is read with the first list: most files are smaller. */
const FIRST = 64 * 1024;
/** What is read at a time of others. */
export const CHUNK = 512 * 1024;
const MOST = 64 * 1024 * 1024;

export interface ReadFileOptions {
  /** Left out, or `null`: a Buffer. */
  readonly encoding?: BufferEncoding | null | undefined;
  /** The most that is read. Default: `'64m'`. */
  readonly maxBytes?: number | string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function readFile(
  view: View,
  path: ContainerPath,
  given: BufferEncoding | ReadFileOptions | null = {},
): Promise<string | Buffer> {
  const options = typeof given === 'string' ? { encoding: given } : (given ?? {});
  knownOptions('readFile()', options, ['encoding', 'maxBytes', 'signal']);
  const { encoding, maxBytes, signal } = options;
  if (encoding !== undefined && encoding !== null) checkEncoding(encoding);
  const most = maxBytes === undefined ? MOST : bytes('maxBytes', maxBytes);
  const target = inside(view, 'path', path);
  const content = await aborting(signal, () => read(view, target, most, shown(path)));
  return encoding === undefined || encoding === null ? content : content.toString(encoding);
}

export function checkEncoding(encoding: unknown): BufferEncoding {
  if (typeof encoding !== 'string') throw invalidType('encoding', 'a string', encoding);
  if (!Buffer.isEncoding(encoding)) throw invalidValue('encoding', 'one that Node knows, such as "utf8"', encoding);
  return encoding;
}

async function read(view: View, path: string | Uint8Array, most: number, name: string): Promise<Buffer> {
  const { passing } = view.slots;
  const length = Math.min(FIRST, most + 1);
  const [stat = NOTHING, begun = NOTHING] = await ask(
    view.brief,
    beginning(path, passing, length),
    { syscall: 'open', path: name },
    { pread: 'read' },
  );
  const { size } = readStat(stat);
  if (size > most || begun.length > most) throw fileTooLarge(name, Math.max(size, begun.length), most);
  return begun.length < length ? begun : readMore(view, path, most, name);
}

function opening(path: string | Uint8Array, slot: number): ServedStep {
  return { op: 'open', slot, path, kind: 'file', flags: [], nofollow: false, mode: 0 };
}

function beginning(path: string | Uint8Array, slot: number, length: number): readonly ServedStep[] {
  return [opening(path, slot), { op: 'fstat', slot }, { op: 'pread', slot, offset: 0, length }, { op: 'close', slot }];
}

/** From the beginning on: what was read may be of another file by now. It may also grow meanwhile. */
function readMore(view: View, path: string | Uint8Array, most: number, name: string): Promise<Buffer> {
  const [slot = 0] = view.slots.held;
  return view.long.run(async (server) => {
    const chunks: Buffer[] = [];
    let offset = 0;
    await ask(server, [opening(path, slot)], { syscall: 'open', path: name });
    try {
      for (;;) {
        const length = Math.min(CHUNK, most + 1 - offset);
        const [chunk = NOTHING] = await ask(server, [{ op: 'pread', slot, offset, length }], { syscall: 'read' });
        offset += chunk.length;
        if (offset > most) throw fileTooLarge(name, offset, most);
        chunks.push(chunk);
        if (chunk.length < length) return Buffer.concat(chunks);
      }
    } finally {
      await letGo(server, slot);
    }
  });
}
