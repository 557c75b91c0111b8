/** The kernel's error numbers as names and sentences, and a refused system call as Node's own errors have it. */

import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Error numbers that Node has no name for, errno(3): mounts, sockets, keys and damaged file systems give them. */
const NAMES: Readonly<Record<number, string>> = {
  15: 'ENOTBLK',
  44: 'ECHRNG',
  64: 'ENONET',
  65: 'ENOPKG',
  76: 'ENOTUNIQ',
  77: 'EBADFD',
  85: 'ERESTART',
  87: 'EUSERS',
  94: 'ESOCKTNOSUPPORT',
  96: 'EPFNOSUPPORT',
  108: 'ESHUTDOWN',
  109: 'ETOOMANYREFS',
  112: 'EHOSTDOWN',
  117: 'EUCLEAN',
  121: 'EREMOTEIO',
  123: 'ENOMEDIUM',
  124: 'EMEDIUMTYPE',
  126: 'ENOKEY',
  127: 'EKEYEXPIRED',
  128: 'EKEYREVOKED',
  129: 'EKEYREJECTED',
  130: 'EOWNERDEAD',
  131: 'ENOTRECOVERABLE',
  132: 'ERFKILL',
};

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
  EKEYEXPIRED: 'key has expired',
  EKEYREJECTED: 'key was rejected by service',
  EKEYREVOKED: 'key has been revoked',
  ENOKEY: 'required key not available',
  ENOMEDIUM: 'no medium found',
  EREMOTEIO: 'remote I/O error',
  ESTALE: 'stale file handle',
  ETOOMANYREFS: 'too many references: cannot splice',
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
