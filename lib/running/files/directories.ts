/** Directories: what they hold, and how they come and go. */

import { constants } from 'node:os';
import { boolean, knownOptions } from '../../definition/checks.js';
import { CarrelError, directoryTooLarge } from '../../errors/errors.js';
import { type DirectoryEntry, readEntries, readStat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { closeSlots, Descent, openDirectory } from './descent.js';
import { type Asked, faultOf } from './fault.js';
import { listing } from './listing.js';
import type { Performer } from './servers.js';
import { Entry, FileStats } from './stats.js';
import { ask, type ContainerPath, inside, letGo, NOTHING, named, shown, type View } from './view.js';
import { checkMode } from './writing.js';

const { EEXIST, EISDIR, ENOENT } = constants.errno;
/** What is listed with the first list, twice: the second time there is nothing left of most directories. */
const FIRST = 32 * 1024;
const ENTRIES_MOST = 1_000_000;

export interface ReaddirOptions {
  readonly encoding?: 'utf8' | 'buffer' | undefined;
  readonly withFileTypes?: boolean | undefined;
}

/** In the order of their names. */
export async function readdir(
  view: View,
  path: ContainerPath,
  options: ReaddirOptions = {},
): Promise<string[] | Buffer[] | Entry[]> {
  knownOptions('readdir()', options, ['encoding', 'withFileTypes']);
  const { encoding = 'utf8', withFileTypes = false } = options;
  if (encoding !== 'utf8' && encoding !== 'buffer')
    throw new TypeError(`encoding is "utf8" or "buffer", not ${String(encoding)}`);
  const target = inside(view, 'path', path);
  const entries = [...(await list(view, target, shown(path)))].sort((a, b) => a.name.compare(b.name));
  if (boolean('withFileTypes', withFileTypes))
    return Promise.all(entries.map((entry) => typed(view, target, shown(path), entry)));
  // A copy: what was read of a large directory would stay as long as one of its names.
  return encoding === 'buffer'
    ? entries.map(({ name }) => Buffer.from(name))
    : entries.map(({ name }) => name.toString());
}

async function list(view: View, path: string | Uint8Array, name: string): Promise<readonly DirectoryEntry[]> {
  const slot = view.slots.passing;
  const get: ServedStep = { op: 'getdents', slot, length: FIRST };
  const steps: readonly ServedStep[] = [openDirectory(slot, path), get, get, { op: 'close', slot }];
  const [first = NOTHING, rest = NOTHING] = await ask(view.brief, steps, { syscall: 'scandir', path: name });
  if (rest.length === 0) return readEntries(first);
  return view.long.run(async (server) => {
    await ask(server, [openDirectory(slot, path)], { syscall: 'scandir', path: name });
    try {
      return await listOpen(server, slot, name);
    } finally {
      await letGo(server, slot);
    }
  });
}

async function listOpen(server: Performer, slot: number, path: string): Promise<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const more of listing(server, slot, path)) {
    for (const entry of more) entries.push(entry);
    if (entries.length > ENTRIES_MOST) throw directoryTooLarge(path, ENTRIES_MOST);
  }
  return entries;
}

/** Where d_type stands in the mode of a file. inode(7) */
const KIND_SHIFT = 12;

/** Some file systems do not say of what kind an entry is. */
async function typed(view: View, path: string | Uint8Array, name: string, entry: DirectoryEntry): Promise<Entry> {
  let mode = entry.kind << KIND_SHIFT;
  if (entry.kind === 0) {
    const whole = Buffer.concat([Buffer.from(path), Buffer.from('/'), entry.name]);
    const [stat = NOTHING] = await ask(view.brief, [{ op: 'stat', path: whole, nofollow: true }], {
      syscall: 'lstat',
      path: shown(whole),
    });
    mode = readStat(stat).mode;
  }
  return new Entry(entry.name.toString(), name, mode);
}

const DIRECTORY_MODE = 0o777;
const SLASH = '/';

export interface MkdirOptions {
  /** Makes what is missing above it, too, and takes what is there for done. Default: `false`. */
  readonly recursive?: boolean | undefined;
  /** Before the container's umask. Default: `0o777`. */
  readonly mode?: number | undefined;
}

/** Gives the first directory that was made, with `recursive`. */
export async function mkdir(view: View, path: ContainerPath, options: MkdirOptions = {}): Promise<string | undefined> {
  knownOptions('mkdir()', options, ['recursive', 'mode']);
  const { recursive = false, mode } = options;
  const target = named(view, 'path', path);
  const bits = checkMode(mode, DIRECTORY_MODE);
  const asked = { syscall: 'mkdir', path: shown(path) };
  if (!boolean('recursive', recursive)) {
    await ask(view.brief, [{ op: 'mkdirat', path: target, mode: bits }], asked);
    return undefined;
  }
  return makeAll(view.brief, target, bits, asked);
}

/** Makes a directory, and those above it that are missing. Gives the first that was made. */
export async function makeAll(
  by: Pick<Performer, 'perform'>,
  target: string | Uint8Array,
  mode: number,
  asked: Asked,
): Promise<string | undefined> {
  const parts = Buffer.from(target).toString('latin1').split(SLASH);
  const upTo = (count: number): Buffer => Buffer.from(parts.slice(0, count).join(SLASH), 'latin1');
  let first: string | undefined;
  // From the end on: most of it is there.
  for (let count = parts.length; count <= parts.length; ) {
    const steps: readonly ServedStep[] = [{ op: 'mkdirat', path: upTo(count), mode }];
    const answer = await by.perform(steps);
    if (answer.error === ENOENT && count > 2 && first === undefined) {
      count -= 1;
      continue;
    }
    if (answer.error === 0) first ??= upTo(count).toString();
    else if (answer.error !== EEXIST || !(await isDirectory(by, upTo(count)))) throw faultOf(answer, steps, asked);
    count += 1;
  }
  return first;
}

async function isDirectory(by: Pick<Performer, 'perform'>, path: Uint8Array): Promise<boolean> {
  const { error, given } = await by.perform([{ op: 'stat', path, nofollow: false }]);
  return error === 0 && new FileStats(readStat(given[0] ?? NOTHING)).isDirectory();
}

export interface RmOptions {
  /** Directories too, with all that they hold. No link is followed. Default: `false`. */
  readonly recursive?: boolean | undefined;
  /** What is missing is no error. Default: `false`. */
  readonly force?: boolean | undefined;
}

export async function rm(view: View, path: ContainerPath, options: RmOptions = {}): Promise<void> {
  knownOptions('rm()', options, ['recursive', 'force']);
  const { recursive = false, force = false } = options;
  const target = named(view, 'path', path);
  const steps: readonly ServedStep[] = [{ op: 'unlinkat', path: target, directory: false }];
  const asked = { syscall: 'rm', path: shown(path) };
  boolean('recursive', recursive);
  const answer = await view.brief.perform(steps);
  if (answer.error === 0 || (answer.error === ENOENT && boolean('force', force))) return;
  if (answer.error !== EISDIR) throw faultOf(answer, steps, asked);
  if (!recursive) throw isADirectory(asked.path);
  await view.long.run(async (server) => {
    await empty(server, view.slots.held, target, asked);
    await ask(server, [{ op: 'unlinkat', path: target, directory: true }], asked);
  });
}

/** So many names are removed with one list. */
const BATCH = 256;

/** Removes all that a directory holds. Each is found by its name in a directory that is open: links lead nowhere. */
async function empty(
  server: Performer,
  slots: readonly number[],
  path: string | Uint8Array,
  asked: Asked,
): Promise<void> {
  const descent = new Descent(server, slots, asked);
  try {
    await descent.begin(path);
    const levels: { left: readonly DirectoryEntry[]; readonly name: Uint8Array }[] = [];
    const enter = async (name: Uint8Array): Promise<void> => {
      levels.push({ left: await listOpen(server, descent.slot, asked.path ?? ''), name });
    };
    await enter(NOTHING);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const directory = await removeFiles(server, descent.slot, level, asked);
      if (directory !== undefined) {
        await descent.enter(directory);
        await enter(directory);
        continue;
      }
      levels.pop();
      if (levels.length === 0) break;
      await descent.leave();
      await ask(server, [{ op: 'unlinkat', at: descent.slot, path: level.name, directory: true }], asked);
    }
  } finally {
    await closeSlots(server, descent.filled);
  }
}

/** Removes what is left, up to a directory, which it gives. */
async function removeFiles(
  server: Performer,
  at: number,
  level: { left: readonly DirectoryEntry[] },
  asked: Asked,
): Promise<Uint8Array | undefined> {
  while (level.left.length > 0) {
    const batch = level.left.slice(0, BATCH);
    const steps = batch.map(({ name }): ServedStep => ({ op: 'unlinkat', at, path: name, directory: false }));
    const answer = await server.perform(steps);
    level.left = level.left.slice(answer.error === 0 ? batch.length : answer.done + 1);
    if (answer.error === 0 || answer.error === ENOENT) continue;
    if (answer.error !== EISDIR) throw faultOf(answer, steps, asked);
    return batch[answer.done]?.name;
  }
  return undefined;
}

/** As Node has it. */
function isADirectory(path: string): CarrelError {
  const error = new CarrelError('ERR_FS_EISDIR', `Path is a directory: rm returned EISDIR (is a directory) ${path}`);
  return Object.assign(error, { errno: EISDIR, syscall: 'rm', path });
}
