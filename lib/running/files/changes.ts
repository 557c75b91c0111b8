/** What is one step: what is known of a file, its name, its mode, its owner, its times. */

import { integer } from '../../definition/checks.js';
import { invalidType, outOfRange } from '../../errors/errors.js';
import { readStat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import type { Asked } from './fault.js';
import { FileStats } from './stats.js';
import { ask, type ContainerPath, inside, NOTHING, named, shown, type View } from './view.js';
import { checkMode } from './writing.js';

/** 2^32 − 1 leaves an id as it is. chown(2) */
const ID_MOST = 2 ** 32 - 1;

async function one(view: View, step: ServedStep, asked: Asked): Promise<Buffer> {
  const [given = NOTHING] = await ask(view.brief, [step], asked);
  return given;
}

export async function stat(view: View, path: ContainerPath, nofollow: boolean): Promise<FileStats> {
  const step: ServedStep = { op: 'stat', path: inside(view, 'path', path), nofollow };
  return new FileStats(readStat(await one(view, step, { syscall: nofollow ? 'lstat' : 'stat', path: shown(path) })));
}

export async function rename(view: View, from: ContainerPath, to: ContainerPath): Promise<void> {
  const step: ServedStep = { op: 'renameat', path: named(view, 'from', from), to: named(view, 'to', to) };
  await one(view, step, { syscall: 'rename', path: shown(from), dest: shown(to) });
}

export async function symlink(view: View, target: ContainerPath, path: ContainerPath): Promise<void> {
  // What a link says counts from where it is, not from the container's directory.
  const text = inside({ ...view, cwd: '' }, 'target', target);
  const said = typeof target === 'string' && !target.startsWith('/') ? target : text;
  const step: ServedStep = {
    op: 'symlinkat',
    text: target instanceof Uint8Array ? target : said,
    path: named(view, 'path', path),
  };
  await one(view, step, { syscall: 'symlink', path: shown(target), dest: shown(path) });
}

export async function readlink(view: View, path: ContainerPath): Promise<string> {
  const step: ServedStep = { op: 'readlinkat', path: inside(view, 'path', path) };
  return (await one(view, step, { syscall: 'readlink', path: shown(path) })).toString();
}

export async function chmod(view: View, path: ContainerPath, mode: number): Promise<void> {
  const step: ServedStep = { op: 'fchmodat', path: inside(view, 'path', path), mode: checkMode(mode ?? NaN, 0) };
  await one(view, step, { syscall: 'chmod', path: shown(path) });
}

export async function chown(view: View, path: ContainerPath, uid: number, gid: number): Promise<void> {
  const id = (name: string, value: unknown): number => (value === -1 ? ID_MOST : integer(name, value, 0, ID_MOST));
  const step: ServedStep = {
    op: 'fchownat',
    path: inside(view, 'path', path),
    uid: id('uid', uid),
    gid: id('gid', gid),
    nofollow: false,
  };
  await one(view, step, { syscall: 'chown', path: shown(path) });
}

export async function utimes(
  view: View,
  path: ContainerPath,
  atime: number | Date,
  mtime: number | Date,
): Promise<void> {
  const [read, changed] = [timeOf('atime', atime), timeOf('mtime', mtime)];
  const step: ServedStep = {
    op: 'utimensat',
    path: inside(view, 'path', path),
    atimeS: read.seconds,
    atimeNs: read.nanoseconds,
    mtimeS: changed.seconds,
    mtimeNs: changed.nanoseconds,
    nofollow: false,
  };
  await one(view, step, { syscall: 'utime', path: shown(path) });
}

/** What a Date can say, in seconds. */
const SECONDS_MOST = 8.64e12;

/** Seconds since 1970, as Node takes them, in parts. What a file system cannot keep it moves to what it can. */
function timeOf(name: string, value: unknown): { readonly seconds: number; readonly nanoseconds: number } {
  const given = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof given !== 'number') throw invalidType(name, 'a number of seconds or a Date', value);
  if (!(Math.abs(given) <= SECONDS_MOST)) throw outOfRange(name, 'up to 8.64e12 seconds from 1970', value);
  const seconds = Math.floor(given);
  // To microseconds: a number of seconds has no more digits.
  return { seconds, nanoseconds: Math.min(999_999, Math.round((given - seconds) * 1e6)) * 1000 };
}

export async function access(view: View, path: ContainerPath, mode = 0): Promise<void> {
  const step: ServedStep = { op: 'faccessat', path: inside(view, 'path', path), mode: integer('mode', mode, 0, 7) };
  await one(view, step, { syscall: 'access', path: shown(path) });
}
