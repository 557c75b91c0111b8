/** Writes the launcher to a file of the host, where a profile of AppArmor can be about it. */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { notInstalled } from '../errors/errors.js';
import { launcherFile, ownerProblem, versionOf } from './installed.js';
import { launcherProfile, PROFILE_PATH } from './profile.js';

/** What was written, and what makes AppArmor know it. */
export interface Installed {
  readonly path: string;
  readonly version: string | undefined;
  readonly profile: string;
  readonly profilePath: string;
  /** It was there already, as it should be. */
  readonly unchanged: boolean;
  /** It belongs to root: nobody else can exchange it. */
  readonly byRoot: boolean;
}

const MODE = 0o755;

/**
 * Writes it to `path`, in one act: whoever looks finds the old file or the new one. Replaces another version of itself,
 * and nothing else.
 */
export function installLauncher(path: string): Installed {
  const target = normalize(path);
  if (!path.startsWith('/') || target.endsWith('/')) throw notInstalled(path, 'it takes the absolute path of a file');
  checkAbove(target);
  const content = launcherFile();
  const there = lstatSync(target, { throwIfNoEntry: false });
  const unchanged = there !== undefined && isAsItShouldBe(target, there, content);
  if (!unchanged) replace(target, content, there);
  const about = { version: versionOf(content), profile: launcherProfile(target), profilePath: PROFILE_PATH };
  return { path: target, unchanged, byRoot: lstatSync(target).uid === 0, ...about };
}

/** Who can write a directory above could put something else there. */
function checkAbove(path: string): void {
  for (let above = dirname(path); ; above = dirname(above)) {
    const stat = statOf(path, above);
    if (stat.isSymbolicLink()) throw notInstalled(path, `${above} is a link: give the path that it leads to`);
    if (!stat.isDirectory()) throw notInstalled(path, `${above} is no directory`);
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.())
      throw notInstalled(path, `${above} belongs to the user ${stat.uid}, not to root or you`);
    if ((stat.mode & 0o022) !== 0) throw notInstalled(path, `others than its owner can write to ${above}`);
    if (above === '/') return;
  }
}

function statOf(path: string, above: string): Stats {
  try {
    return lstatSync(above);
  } catch (error) {
    throw notInstalled(path, `${above}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function isAsItShouldBe(path: string, stat: Stats, content: Buffer): boolean {
  if (!stat.isFile()) throw notInstalled(path, 'something that is no regular file has that name');
  const found = readFileSync(path);
  if (versionOf(found) === undefined) throw notInstalled(path, 'a file that is no launcher of carrel’s has that name');
  // One that root has left to a group stays so.
  return ownerProblem(stat) === undefined && found.equals(content);
}

/** What root has left to a group stays so. */
function replace(path: string, content: Buffer, there: Stats | undefined): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const descriptor = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
      if (process.geteuid?.() === 0) fchownSync(descriptor, 0, there?.gid ?? 0);
      fchmodSync(descriptor, (there?.mode ?? MODE) & MODE);
      fsyncSync(descriptor);
      renameSync(fresh, path);
    } catch (error) {
      unlinkSync(fresh);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw notInstalled(path, `it cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
