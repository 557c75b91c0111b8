/** openat2(2): opening with a say in how the path is resolved. */

import { constants } from 'node:fs';
import { integer, oneOf } from '../definition/checks.js';
import { invalidType } from '../errors/errors.js';
import { systemCall } from '../launch/native.js';
import { bitsOf, checkOptions, checkPlace, type PathLike, type PlaceAt, pathsOf } from './arguments.js';

const ACCESSES = {
  rdonly: constants.O_RDONLY,
  wronly: constants.O_WRONLY,
  rdwr: constants.O_RDWR,
} as const satisfies Readonly<Record<OpenAccess, number>>;

/**
 * Node knows the machine's own numbers, but not of these two; they are the same on x64 and arm64. asm-generic/fcntl.h
 */
const O_PATH = 0o10000000;
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

const OPEN_FLAGS = {
  append: constants.O_APPEND,
  creat: constants.O_CREAT,
  direct: constants.O_DIRECT,
  directory: constants.O_DIRECTORY,
  dsync: constants.O_DSYNC,
  excl: constants.O_EXCL,
  noatime: constants.O_NOATIME,
  noctty: constants.O_NOCTTY,
  nofollow: constants.O_NOFOLLOW,
  nonblock: constants.O_NONBLOCK,
  path: O_PATH,
  sync: constants.O_SYNC,
  tmpfile: O_TMPFILE,
  trunc: constants.O_TRUNC,
} as const satisfies Readonly<Record<OpenFlag, number>>;

/** The numbers are `RESOLVE_*` of linux/openat2.h. */
const RESOLVE_FLAGS = {
  noXdev: 0x1,
  noMagiclinks: 0x2,
  noSymlinks: 0x4,
  beneath: 0x8,
  inRoot: 0x10,
  cached: 0x20,
} as const satisfies Readonly<Record<ResolveFlag, number>>;

/** What may be done with the file. open(2) */
export type OpenAccess = 'rdonly' | 'wronly' | 'rdwr';

/** A flag of {@link openat2}: open(2)'s `O_…` in lower case. */
export type OpenFlag =
  | 'append'
  | 'creat'
  | 'direct'
  | 'directory'
  | 'dsync'
  | 'excl'
  | 'noatime'
  | 'noctty'
  | 'nofollow'
  | 'nonblock'
  | 'path'
  | 'sync'
  | 'tmpfile'
  | 'trunc';

/** How {@link openat2} resolves the path: the man page's `RESOLVE_…`. `cached` since Linux 5.12. */
export type ResolveFlag = 'noXdev' | 'noMagiclinks' | 'noSymlinks' | 'beneath' | 'inRoot' | 'cached';

/** Options of {@link openat2}. */
export interface Openat2Options {
  /** Default: `'rdonly'`. */
  readonly access?: OpenAccess;
  /** Default: none. */
  readonly flags?: readonly OpenFlag[];
  /**
   * Permissions of a new file, 0 to 0o7777, less the umask. Default: 0o666 with `creat` or `tmpfile`, as `fs.open` has
   * it. Without them there is none to give.
   */
  readonly mode?: number;
  /** Default: none. */
  readonly resolve?: readonly ResolveFlag[];
}

/**
 * Opens a file, and returns its descriptor, close-on-exec. `resolve` says what the path may lead through: `beneath` and
 * `inRoot` keep it within the directory `dirfd`, even if somebody changes the tree meanwhile.
 *
 * **Threads:** runs in the calling thread, which waits for a FIFO or a slow file system as long as it takes; `fs.open`
 * waits in libuv's pool. The kernel resolves the path with the calling thread's root, working directory, mount
 * namespace and credentials. The descriptor is the process's.
 *
 * @throws `EXDEV` where the path leads out of the directory or onto another mount; `ELOOP` at a forbidden link;
 *   `EAGAIN` where a rename raced `..`, or with `cached`: try again, the latter without it; `EINVAL` for a mode without
 *   `creat` or `tmpfile`, and for flags that exclude each other; others of open(2). openat2(2), Linux 5.6
 */
export function openat2(place: PathLike | PlaceAt, options: Openat2Options = {}): number {
  if (typeof place === 'number') throw invalidType('place', 'a path or an object', place);
  const { dirfd, path, shown } = checkPlace('place', place);
  checkOptions('openat2()', options, ['access', 'flags', 'mode', 'resolve']);
  const access = ACCESSES[oneOf('access', options.access ?? 'rdonly', Object.keys(ACCESSES)) as OpenAccess];
  const flags = bitsOf('flags', options.flags, OPEN_FLAGS);
  const creates = options.flags?.some((flag) => flag === 'creat' || flag === 'tmpfile') ?? false;
  const mode = integer('mode', options.mode ?? (creates ? 0o666 : 0), 0, 0o7777);
  const resolve = bitsOf('resolve', options.resolve, RESOLVE_FLAGS);
  return systemCall((calls) => calls.openat2(dirfd, path, access | flags, mode, resolve), pathsOf(shown));
}
