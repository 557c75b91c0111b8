/** Arguments of system calls: checked, and as the kernel takes them. */

import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { array, distinct, integer, knownOptions, object, text } from '../definition/checks.js';
import { invalidType, invalidValue } from '../errors/errors.js';
import type { CString } from '../launch/system-calls.js';

/** A path as it stands, relative ones from the calling thread's working directory; or a `file:` URL. */
export type PathLike = string | URL;

/** A file below a directory that is open. */
export interface PlaceAt {
  /** The directory's descriptor. */
  readonly dirfd: number;
  /** Where in it. An absolute path leads to the calling thread's root, not to the directory. */
  readonly path: string;
}

/**
 * A file or directory: by its path, by the descriptor that is open on it, or by a path below a directory that is open.
 */
export type Place = PathLike | number | PlaceAt;

/** A place as the calls of the `at` family take it. */
export interface PlaceArguments {
  readonly dirfd: number;
  readonly path: CString;
  /** The descriptor itself is meant: the call needs its flag for an empty path. */
  readonly empty: boolean;
  /** For errors; none where there is no path. */
  readonly shown?: string;
}

/** Relative paths begin at the working directory. openat(2) */
const AT_FDCWD = -100;
const DESCRIPTOR_MOST = 2 ** 31 - 1;
/** The highest id; the one above means "as it is". */
export const ID_MOST: number = 2 ** 32 - 2;
/** The kernel's `PID_MAX_LIMIT`. proc(5) */
export const PID_MOST: number = 2 ** 22;

export function checkDescriptor(name: string, value: unknown): number {
  return integer(name, value, 0, DESCRIPTOR_MOST);
}

/** A path is not made absolute and not tidied: the kernel resolves it, for the thread that asks. */
export function checkPath(name: string, value: unknown): string {
  if (!(value instanceof URL)) return text(name, value);
  if (value.protocol !== 'file:') throw invalidValue(name, 'a path or a file: URL', value.href);
  return fileURLToPath(value);
}

export function checkPlace(name: string, value: unknown): PlaceArguments {
  if (typeof value === 'number') return { dirfd: checkDescriptor(name, value), path: cString(''), empty: true };
  if (typeof value === 'string' || value instanceof URL) {
    const path = checkPath(name, value);
    return { dirfd: AT_FDCWD, path: cString(path), empty: false, shown: path };
  }
  if (value === null || typeof value !== 'object') throw invalidType(name, 'a path, a descriptor or an object', value);
  knownOptions(name, value, ['dirfd', 'path']);
  const { dirfd, path } = value as { dirfd?: unknown; path?: unknown };
  const checked = text(`${name}.path`, path);
  return { dirfd: checkDescriptor(`${name}.dirfd`, dirfd), path: cString(checked), empty: false, shown: checked };
}

export function checkOptions(where: string, given: object, known: readonly string[]): void {
  object(where, given);
  knownOptions(where, given, known);
}

/** The sum of the bits that a list of names stands for. */
export function bitsOf(name: string, names: unknown, table: Readonly<Record<string, number>>): number {
  const checked = distinct(name, array(name, names ?? []), Object.keys(table));
  // Sums of 32 bits stay positive this way.
  return checked.reduce((bits, one) => (bits | (table[one] ?? 0)) >>> 0, 0);
}

export function cString(content: string): CString {
  return Buffer.from(`${content}\0`);
}

/** `path` for an error, where there is one. */
export function pathsOf(path: string | undefined, dest?: string): { readonly path?: string; readonly dest?: string } {
  return { ...(path !== undefined && { path }), ...(dest !== undefined && { dest }) };
}
