/** The kernel's error numbers as names and sentences, and a refused system call as Node's own errors have it. */

import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Error numbers that Node has no name for, errno(3): mount(2), setns(2) and damaged file systems give them. */
const NAMES: Readonly<Record<number, string>> = { 15: 'ENOTBLK', 87: 'EUSERS', 117: 'EUCLEAN' };

/** The kernel's name of an error number: `ENOENT`. Node's own map has only the errors that libuv knows. */
export function errorName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? NAMES[errno] ?? `E${errno}`;
}

/** Sentences of strerror(3) that Node's map lacks, for errors that starting a container or a system call can meet. */
const TEXTS: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ENOEXEC: 'exec format error',
  ENOLCK: 'no locks available',
  ENOTBLK: 'block device required',
  ESTALE: 'stale file handle',
  EUCLEAN: 'structure needs cleaning',
  EUSERS: 'too many users',
};

/** What strerror(3) says. */
export function errorText(errno: number): string {
  return sentences().get(-errno)?.[1] ?? TEXTS[errorName(errno)] ?? `error ${errno}`;
}

/**
 * Node's own sentences. Old versions of Deno and Bun have no such function: in CommonJS, as published, it is undefined.
 */
function sentences(): ReturnType<typeof getSystemErrorMap> {
  known ??= getSystemErrorMap?.() ?? new Map();
  return known;
}

let known: ReturnType<typeof getSystemErrorMap> | undefined;

/** What a refused system call was about: the path, and of two paths the second. */
export interface SystemErrorPaths {
  readonly path?: string;
  readonly dest?: string;
}

/**
 * A refused system call as Node's own system errors have it: like `fs`’s with a path, like `process.kill`’s without.
 */
export function systemError(syscall: string, errno: number, paths: SystemErrorPaths = {}): NodeJS.ErrnoException {
  const code = errorName(-errno);
  const { path, dest } = paths;
  const about = [path, dest].filter((text) => text !== undefined).map((text) => `'${text}'`);
  const message =
    about.length === 0 ? `${syscall} ${code}` : `${code}: ${errorText(-errno)}, ${syscall} ${about.join(' -> ')}`;
  return Object.assign(new Error(message), { errno, code, syscall, ...paths });
}
