/** Mounts by path: mount(2), umount(2), pivot_root(2), chroot(2). */

import { Buffer } from 'node:buffer';
import { text } from '../definition/checks.js';
import { outOfRange } from '../errors/errors.js';
import { systemCall } from '../launch/native.js';
import { PROPAGATIONS } from '../plan/constants.js';
import { bitsOf, checkOptions, checkPath, cString, type PathLike, pathsOf } from './arguments.js';

/** The numbers are `MS_*` of linux/mount.h. */
const MOUNT_FLAGS = {
  readonly: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  synchronous: 0x10,
  remount: 0x20,
  dirsync: 0x80,
  nosymfollow: 0x100,
  noatime: 0x400,
  nodiratime: 0x800,
  bind: 0x1000,
  move: 0x2000,
  rec: 0x4000,
  silent: 0x8000,
  ...PROPAGATIONS,
  relatime: 0x200000,
  strictatime: 0x1000000,
  lazytime: 0x2000000,
} as const satisfies Readonly<Record<MountFlag, number>>;

/**
 * A flag of {@link mount}: the man page's `MS_…` in lower case, and `readonly` for `MS_RDONLY`. `nosymfollow` since
 * Linux 5.10.
 */
export type MountFlag =
  | 'readonly'
  | 'nosuid'
  | 'nodev'
  | 'noexec'
  | 'synchronous'
  | 'remount'
  | 'dirsync'
  | 'nosymfollow'
  | 'noatime'
  | 'nodiratime'
  | 'bind'
  | 'move'
  | 'rec'
  | 'silent'
  | 'unbindable'
  | 'private'
  | 'slave'
  | 'shared'
  | 'relatime'
  | 'strictatime'
  | 'lazytime';

/** The numbers are `MNT_*` and `UMOUNT_NOFOLLOW` of linux/fs.h. */
const UNMOUNT_FLAGS = { force: 1, detach: 2, expire: 4, nofollow: 8 } as const satisfies Readonly<
  Record<UnmountFlag, number>
>;

/** A flag of {@link unmount}: the man page's `MNT_…` and `UMOUNT_NOFOLLOW` in lower case. */
export type UnmountFlag = 'force' | 'detach' | 'expire' | 'nofollow';

/** Options of {@link mount}. */
export interface MountOptions {
  /**
   * The type of the file system, such as `'tmpfs'`. Default: none, as for `bind`, `move`, `remount` and changes of
   * propagation.
   */
  readonly type?: string;
  /** Default: none. */
  readonly flags?: readonly MountFlag[];
  /**
   * Options of the file system, such as `'size=64m,mode=755'`. Up to 4095 bytes: the kernel reads one page. Default:
   * none.
   */
  readonly data?: string;
}

const MOUNT_DATA_MOST = 4095;

/**
 * Mounts a file system, or changes, moves or copies a mount, as the flags say. A mount stays until somebody unmounts it
 * or the mount namespace ends: carrel does nothing about it.
 *
 * The flags are the kernel's, with their traps. With `bind`, the kernel ignores flags other than `rec`. A read-only
 * bind takes a second call with `remount`, and that one ignores `rec`. {@link mountSetattr} has none of these traps.
 *
 * **Threads:** acts in the mount namespace of the calling thread, and resolves both paths with that thread's root and
 * working directory. All threads and processes that are in this namespace see the mount.
 *
 * @param source - A device, a directory to bind, or any word for file systems that need none; `null` passes none.
 * @throws `EPERM` without `CAP_SYS_ADMIN` in the user namespace that owns the mount namespace, or where a flag is
 *   locked; `ENODEV` for an unknown type; `ENOENT`, `ENOTDIR`, `EINVAL`, `EBUSY` and others of mount(2).
 */
export function mount(source: PathLike | null, target: PathLike, options: MountOptions = {}): void {
  const from = source === null ? undefined : checkPath('source', source);
  const to = checkPath('target', target);
  checkOptions('mount()', options, ['type', 'flags', 'data']);
  const type = options.type === undefined ? null : cString(text('type', options.type));
  const flags = bitsOf('flags', options.flags, MOUNT_FLAGS);
  const data = options.data === undefined ? null : cString(checkData(options.data));
  systemCall(
    (calls) => calls.mount(from === undefined ? null : cString(from), cString(to), type, flags, data),
    from === undefined ? pathsOf(to) : pathsOf(from, to),
  );
}

/** The kernel cuts off what is longer, without a word. */
function checkData(value: unknown): string {
  const data = text('data', value);
  const length = Buffer.byteLength(data);
  if (length > MOUNT_DATA_MOST) throw outOfRange('data', `at most ${MOUNT_DATA_MOST} bytes long`, length);
  return data;
}

/**
 * Removes the topmost mount on a place. With `detach` it is gone from the tree at once, with all that is mounted below
 * it, and from the kernel when nobody uses it any more; without, a mount in use is `EBUSY`. `expire` marks an unused
 * mount and fails with `EAGAIN`; the second time it unmounts, if nobody came by.
 *
 * **Threads:** acts in the mount namespace of the calling thread, for all that are in it. A file that any thread has
 * open, and a working directory, keep a mount busy.
 *
 * @throws `EINVAL` where nothing is mounted, or the mount is locked (mount_namespaces(7)), or for `expire` with `force`
 *   or `detach`; `EBUSY`; `EAGAIN`; `EPERM` without `CAP_SYS_ADMIN`. umount(2)
 */
export function unmount(target: PathLike, flags: readonly UnmountFlag[] = []): void {
  const path = checkPath('target', target);
  const bits = bitsOf('flags', flags, UNMOUNT_FLAGS);
  systemCall((calls) => calls.umount2(cString(path), bits), { path });
}

/**
 * Makes `newRoot` the root of the mount namespace, and moves the old root to `putOld`. With both `'.'`, and the working
 * directory on the new root, the old root ends up on top of the new one, and `unmount('.', ['detach'])` then removes
 * it.
 *
 * **Threads:** root and working directory of *every* thread and process in the mount namespace move along, if they were
 * the old root: where Node shares its namespace with the machine, all of the machine is moved. Call it in a mount
 * namespace of one's own. Of the caller, as of others, only a working directory that was the old root is changed: call
 * `process.chdir('/')`, which only the main thread may.
 *
 * @throws `EINVAL` where `newRoot` is no mount, `putOld` is not at or below it, or one of the mounts is shared
 *   (mount_namespaces(7)); `EBUSY` where one of both is on the current root; `ENOTDIR`; `EPERM` without
 *   `CAP_SYS_ADMIN`. pivot_root(2)
 */
export function pivotRoot(newRoot: PathLike, putOld: PathLike): void {
  const path = checkPath('newRoot', newRoot);
  const dest = checkPath('putOld', putOld);
  systemCall((calls) => calls.pivotRoot(cString(path), cString(dest)), { path, dest });
}

/**
 * Changes what `/` is. It is no confinement: the working directory and open descriptors stay where they are, and with
 * them the way out.
 *
 * **Threads:** threads of a process share their root, so it changes for all of Node, libuv's pool included, unless the
 * calling thread has separated itself with `unshare(['fs'])` or `unshare(['mount'])`: then for this thread, and what it
 * starts from then on. Modules that are loaded later, and programs that are started, are looked for in the new root.
 *
 * @throws `EPERM` without `CAP_SYS_CHROOT`; `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`. chroot(2)
 */
export function chroot(path: PathLike): void {
  const checked = checkPath('path', path);
  systemCall((calls) => calls.chroot(cString(checked)), { path: checked });
}
