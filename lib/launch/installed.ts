/**
 * The launcher as a file of the host, for machines whose security modules go by a program's path: what runs from memory
 * has none. `carrel install-launcher` writes the file, and the variable CARREL_LAUNCHER has Node start it.
 */

import { accessSync, closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { installedLauncher } from '../errors/errors.js';
import { native } from './native.js';
import { ownPackage } from './package.js';

/** What stands behind the program: an ELF file may have bytes behind its end. elf(5) */
const TRAILER = /^\ncarrel-launcher (\S+)\n$/;
const TRAILER_MOST = 100;
/** Users may change only what is their own: `others` write by these bits, and by ACLs, whose mask is the group's. */
const WRITTEN_BY_OTHERS = 0o022;

/** All of the file: the program that this version starts, and its version. */
export function launcherFile(): Buffer {
  return Buffer.concat([native().launcherBytes(), Buffer.from(`\ncarrel-launcher ${ownPackage()?.version}\n`)]);
}

/** Of which version of carrel's the content of a file is; `undefined` where it is no launcher. */
export function versionOf(content: Buffer): string | undefined {
  const tail = content.subarray(-TRAILER_MOST).toString('latin1');
  return TRAILER.exec(tail.slice(Math.max(0, tail.lastIndexOf('\ncarrel-launcher '))))?.[1];
}

/** What is to be executed: a file in memory, or the one that CARREL_LAUNCHER names. */
export function launcherImage(): number {
  const path = process.env.CARREL_LAUNCHER;
  return path === undefined || path === '' ? native().launcherMemfd() : openLauncher(path);
}

/**
 * Opens the launcher at `path`, once it is sure that this is what this version would start from memory, and that nobody
 * else can change it. What is executed is the file that was looked at.
 */
function openLauncher(path: string): number {
  if (!isAbsolute(path)) throw installedLauncher(path, 'its path is not absolute');
  const descriptor = opened(path);
  try {
    const problem = problemOf(descriptor);
    if (problem !== undefined) throw installedLauncher(path, problem);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function opened(path: string): number {
  try {
    // One that waits, such as a FIFO, does not.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw installedLauncher(path, code === 'ELOOP' ? 'it is a link' : `it cannot be opened (${code})`);
  }
}

function problemOf(descriptor: number): string | undefined {
  const stat = fstatSync(descriptor);
  return ownerProblem(stat) ?? contentProblem(descriptor, stat.size) ?? executionProblem(descriptor);
}

/** Why others could change a file, or it is none. */
export function ownerProblem(stat: Stats): string | undefined {
  if (!stat.isFile()) return 'it is no regular file';
  if (stat.uid !== 0 && stat.uid !== process.geteuid?.())
    return `it belongs to the user ${stat.uid}, not to root or you`;
  if ((stat.mode & WRITTEN_BY_OTHERS) !== 0) return 'others than its owner can write it';
  return undefined;
}

function contentProblem(descriptor: number, size: number): string | undefined {
  const own = native().launcherBytes();
  const content = Buffer.alloc(own.length + TRAILER_MOST);
  if (size > content.length) return NONE;
  const found = content.subarray(0, readSync(descriptor, content, 0, content.length, 0));
  const version = versionOf(found);
  if (version === undefined) return NONE;
  const program = found.subarray(0, own.length);
  if (program.equals(own) && TRAILER.test(found.subarray(own.length).toString('latin1'))) return undefined;
  return `it is of carrel ${version}, and this is another build, of carrel ${ownPackage()?.version}`;
}
const NONE = 'it is no launcher of carrel’s, or of another version';

function executionProblem(descriptor: number): string | undefined {
  try {
    accessSync(`/proc/self/fd/${descriptor}`, constants.X_OK);
    return undefined;
  } catch (error) {
    return `it cannot be executed (${(error as NodeJS.ErrnoException).code})`;
  }
}
