/**
 * The addon, typed. The only file that imports it; it is loaded on first use, so that importing carrel works
 * everywhere.
 */

import { createRequire } from 'node:module';
import {
  addonsForbidden,
  bundled,
  errorName,
  type SystemErrorPaths,
  systemError,
  unsupported,
} from '../errors/errors.js';
import { logOf } from './log.js';
import { obstacleOf } from './obstacle.js';
import { ownPackage } from './package.js';
import type { SystemCalls } from './system-calls.js';

interface Addon extends SystemCalls {
  sealedMemfd(bytes: Uint8Array): number;
  launcherMemfd(): number;
  launcherBytes(): Buffer;
  socketpair(): [number, number];
  pipe(): [number, number];
  duplicate(descriptor: number): number;
  send(socket: number, bytes: Uint8Array, descriptors: readonly number[]): void;
  receive(socket: number, bytes: Uint8Array): readonly number[] | undefined;
  contents(descriptor: number): Buffer;
  read(descriptor: number, bytes: Uint8Array): number | undefined;
  flock(descriptor: number): void;
  lock(path: Uint8Array): number | undefined;
  stamps(looks: Uint8Array, stamps: Uint8Array): void;
  landlockVersion(): number;
  setBlocking(descriptor: number): void;
  close(descriptor: number): void;
  hold(descriptor: number): void;
  letGo(descriptor: number): void;
  watch(): number;
  openLine(watch: number, supervisor: number): [number, number];
  divideLimit(pid: number, resource: number, divisor: number): void;
}

/** What the addon throws. */
interface AddonError extends Error {
  readonly errno: number;
  readonly syscall: string;
}

/** The addon's functions. Each is one act, synchronous and short; each throws a system error as Node's own do. */
export interface Native {
  /** A sealed memfd with these bytes. memfd_create(2) */
  sealedMemfd(bytes: Uint8Array): number;
  /** A sealed, executable memfd with the launcher. */
  launcherMemfd(): number;
  /** The launcher's program. */
  launcherBytes(): Buffer;
  /** Two connected stream sockets. socketpair(2) */
  socketpair(): [number, number];
  /** The read end and the write end. pipe(2) */
  pipe(): [number, number];
  /** Another descriptor of the same open file. fcntl(2) F_DUPFD_CLOEXEC */
  duplicate(descriptor: number): number;
  /**
   * Sends bytes and descriptors over a socket, without waiting. Returns the kernel's error name where it could not.
   * sendmsg(2)
   */
  trySend(socket: number, bytes: Uint8Array, descriptors: readonly number[]): string | undefined;
  /**
   * Receives bytes and the descriptors with them from a socket, without waiting: fills `bytes`, and gives the
   * descriptors. `undefined` where there is nothing. recvmsg(2)
   */
  tryReceive(socket: number, bytes: Uint8Array): readonly number[] | undefined;
  /**
   * Reads what there is of a pipe or a socket, without waiting. Gives how many bytes: 0 where nothing more can come,
   * `undefined` where there is nothing yet, or it cannot be read. poll(2), read(2)
   */
  tryRead(descriptor: number, bytes: Uint8Array): number | undefined;
  /** All that a file in memory holds. pread(2) */
  contents(descriptor: number): Buffer;
  /** Locks what is open for nobody else, unless somebody has. Gives whether it did. flock(2) */
  tryLock(descriptor: number): boolean;
  /** The file at `path` with its lock, made where it is missing; `undefined` where somebody else has that. flock(2) */
  lock(path: string): number | undefined;
  /** What launch/stamps.ts looks at, and finds. */
  stamps(looks: Uint8Array, stamps: Uint8Array): void;
  /** Has reads and writes wait, for all who have the same open file. fcntl(2), O_NONBLOCK */
  setBlocking(descriptor: number): void;
  close(descriptor: number): void;
  /** Has a descriptor close with this thread, however that ends. napi_add_env_cleanup_hook() */
  hold(descriptor: number): void;
  /** No longer; only of one that is held. */
  letGo(descriptor: number): void;
  /** Closes a descriptor that is held. */
  closeHeld(descriptor: number): void;
  /** What watches lines. epoll_create1(2) */
  watch(): number;
  /**
   * Two connected stream sockets, the first of which is held. `watch` tells the number once when the second is closed
   * everywhere. socketpair(2), epoll_ctl(2)
   */
  openLine(watch: number, supervisor: number): readonly [ours: number, theirs: number];
  /** The version of Landlock's interface; the kernel's error name where there is none. landlock_create_ruleset(2) */
  landlockVersion(): number | string;
  /**
   * Divides the soft limit of a process; one that is unlimited stays so. Returns the kernel's error name where it could
   * not. prlimit(2)
   */
  tryDivideLimit(pid: number, resource: number, divisor: number): string | undefined;
}

const log = logOf('native');
let loaded: Addon | undefined;
let wrapped: Native | undefined;

export function native(): Native {
  wrapped ??= wrap(load());
  return wrapped;
}

/** Makes one system call; gives its error the form of Node's system errors, with the paths that it was about. */
export function systemCall<Result>(make: (calls: SystemCalls) => Result, paths?: SystemErrorPaths): Result {
  const calls = load();
  return act(() => make(calls), paths);
}

function load(): Addon {
  loaded ??= loadAddon();
  return loaded;
}

function loadAddon(): Addon {
  const directory = ownPackage()?.directory;
  if (directory === undefined) throw bundled();
  try {
    const require = createRequire(import.meta.filename);
    const addon = (require('node-gyp-build') as (directory: string) => Addon)(directory);
    log('loaded from %s', directory);
    return addon;
  } catch (cause) {
    if (obstacleOf(cause as Error) === 'permission') throw addonsForbidden();
    const error = unsupported(`its native module could not be loaded (${(cause as Error).message})`);
    error.cause = cause;
    throw error;
  }
}

function wrap(addon: Addon): Native {
  return {
    sealedMemfd: (bytes) => act(() => addon.sealedMemfd(bytes)),
    launcherMemfd: () => act(() => addon.launcherMemfd()),
    launcherBytes: () => act(() => addon.launcherBytes()),
    socketpair: () => act(() => addon.socketpair()),
    pipe: () => act(() => addon.pipe()),
    duplicate: (descriptor) => act(() => addon.duplicate(descriptor)),
    trySend: (socket, bytes, descriptors) => attempt(() => addon.send(socket, bytes, descriptors)),
    tryReceive: (socket, bytes) => act(() => addon.receive(socket, bytes)),
    tryRead: (descriptor, bytes) => act(() => addon.read(descriptor, bytes)),
    contents: (descriptor) => act(() => addon.contents(descriptor)),
    tryLock: (descriptor) => attempt(() => addon.flock(descriptor)) === undefined,
    lock: (path) => act(() => addon.lock(Buffer.from(`${path}\0`)), { path }),
    stamps: (looks, stamps) => addon.stamps(looks, stamps),
    setBlocking: (descriptor) => act(() => addon.setBlocking(descriptor)),
    close: (descriptor) => act(() => addon.close(descriptor)),
    hold: (descriptor) => addon.hold(descriptor),
    letGo: (descriptor) => addon.letGo(descriptor),
    closeHeld: (descriptor) => {
      addon.letGo(descriptor);
      act(() => addon.close(descriptor));
    },
    watch: () => act(() => addon.watch()),
    openLine: (watch, supervisor) => act(() => addon.openLine(watch, supervisor)),
    landlockVersion: () => {
      let version = 0;
      return attempt(() => (version = addon.landlockVersion())) ?? version;
    },
    tryDivideLimit: (pid, resource, divisor) => attempt(() => addon.divideLimit(pid, resource, divisor)),
  };
}

/** Runs one act; gives its error the form of Node's system errors. */
function act<Result>(run: () => Result, paths?: SystemErrorPaths): Result {
  try {
    return run();
  } catch (error) {
    const { errno, syscall } = error as AddonError;
    if (errno === undefined) throw error;
    throw systemError(syscall, errno, paths);
  }
}

function attempt(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    const { errno } = error as AddonError;
    if (errno === undefined) throw error;
    return errorName(-errno);
  }
}
