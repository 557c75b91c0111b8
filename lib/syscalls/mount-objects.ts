/** Mounts by descriptor: fsopen, fsconfig, fsmount, fspick, open_tree, move_mount, mount_setattr. */

import { boolean, knownOptions, object, oneOf, text } from '../definition/checks.js';
import { contradiction } from '../errors/errors.js';
import { systemCall } from '../launch/native.js';
import { MOUNT_ATTRIBUTES, type MountAttribute, PROPAGATIONS } from '../plan/constants.js';
import { bitsOf, checkDescriptor, checkOptions, checkPlace, cString, type Place, pathsOf } from './arguments.js';

/** The numbers are `AT_*` of linux/fcntl.h, and `OPEN_TREE_CLONE` of linux/mount.h. */
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const AT_FLAGS = { symlinkNofollow: 0x100, noAutomount: 0x800 } as const;
const OPEN_TREE_FLAGS = { clone: 0x1, recursive: AT_RECURSIVE, ...AT_FLAGS } as const satisfies Readonly<
  Record<OpenTreeFlag, number>
>;

/** The numbers are `FSPICK_*` of linux/mount.h. */
const FSPICK_EMPTY_PATH = 0x8;
const FSPICK_FLAGS = { symlinkNofollow: 0x2, noAutomount: 0x4 } as const satisfies Readonly<Record<FspickFlag, number>>;

/** The numbers are `MOVE_MOUNT_*` of linux/mount.h. */
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const MOVE_MOUNT_FLAGS = {
  fSymlinks: 0x1,
  fAutomounts: 0x2,
  tSymlinks: 0x10,
  tAutomounts: 0x20,
  setGroup: 0x100,
  beneath: 0x200,
} as const satisfies Readonly<Record<MoveMountFlag, number>>;

/** How access times are kept: one of three values in `MOUNT_ATTR__ATIME`, linux/mount.h. */
const ATIME_MASK = 0x70;
const ATIMES = { relatime: 0, noatime: MOUNT_ATTRIBUTES.noatime, strictatime: 0x20 } as const satisfies Readonly<
  Record<AccessTime, number>
>;
const MOUNT_ATTR_IDMAP = 0x100000;
const { noatime: _atime, ...PLAIN_ATTRIBUTES } = MOUNT_ATTRIBUTES;

/** The numbers are `enum fsconfig_command` of linux/mount.h; what each takes beside its name. */
const FSCONFIG_COMMANDS = {
  setFlag: { number: 0, takes: ['key'] },
  setString: { number: 1, takes: ['key', 'value'] },
  setFd: { number: 5, takes: ['key', 'value'] },
  create: { number: 6, takes: [] },
  reconfigure: { number: 7, takes: [] },
  createExclusive: { number: 8, takes: [] },
} as const satisfies Readonly<
  Record<FsconfigCommand['command'], { readonly number: number; readonly takes: readonly string[] }>
>;

/**
 * An attribute of a mount that is set or not: the man page's `MOUNT_ATTR_…`. When access times are kept is
 * {@link AccessTime}.
 */
export type PlainMountAttribute = Exclude<MountAttribute, 'noatime'>;

/** When reading a file changes its access time: seldom, never, or always. mount_setattr(2) */
export type AccessTime = 'relatime' | 'noatime' | 'strictatime';

/** How mounts propagate to other mount namespaces. mount_namespaces(7) */
export type Propagation = 'unbindable' | 'private' | 'slave' | 'shared';

/** A flag of {@link openTree}: `OPEN_TREE_CLONE` and the man page's `AT_…`. */
export type OpenTreeFlag = 'clone' | 'recursive' | 'symlinkNofollow' | 'noAutomount';

/** A flag of {@link fspick}: `FSPICK_…`. */
export type FspickFlag = 'symlinkNofollow' | 'noAutomount';

/**
 * A flag of {@link moveMount}: `MOVE_MOUNT_…`, the `f` for what is moved, the `t` for where to. `beneath` since Linux
 * 6.5.
 */
export type MoveMountFlag = 'fSymlinks' | 'fAutomounts' | 'tSymlinks' | 'tAutomounts' | 'setGroup' | 'beneath';

/**
 * What {@link fsconfig} does: sets a parameter of the file system, then creates it or changes the one that is there.
 * `createExclusive` (Linux 6.6) refuses with `EBUSY` to share a file system that exists. A string ends at 255 bytes.
 */
export type FsconfigCommand =
  | { readonly command: 'setFlag'; readonly key: string }
  | { readonly command: 'setString'; readonly key: string; readonly value: string }
  | { readonly command: 'setFd'; readonly key: string; readonly value: number }
  | { readonly command: 'create' | 'createExclusive' | 'reconfigure' };

/** Options of {@link fsmount}. */
export interface FsmountOptions {
  /** What holds for the mount. Default: none. */
  readonly attributes?: readonly PlainMountAttribute[];
  /** When access times are kept. Default: `'relatime'`. */
  readonly atime?: AccessTime;
}

/** Options of {@link mountSetattr}; what is left out stays as it is. */
export interface MountSetattrOptions {
  /** Attributes to set. */
  readonly set?: readonly PlainMountAttribute[];
  /** Attributes to clear. */
  readonly clear?: readonly PlainMountAttribute[];
  /** When access times are kept from now on. */
  readonly atime?: AccessTime;
  /** How mount events travel from now on. */
  readonly propagation?: Propagation;
  /**
   * A descriptor of a user namespace: files show the owners that its id maps give. Only for a mount that is not
   * attached yet.
   */
  readonly idmap?: number;
  /** Also for all mounts below it. Default: false. `AT_RECURSIVE` */
  readonly recursive?: boolean;
  /** How the place's path is resolved. Default: none, links are followed. `AT_SYMLINK_NOFOLLOW`, `AT_NO_AUTOMOUNT` */
  readonly flags?: readonly ('symlinkNofollow' | 'noAutomount')[];
}

/**
 * Begins a file system of a type: returns the descriptor of a context, for {@link fsconfig} and {@link fsmount}.
 * Close-on-exec. What the kernel has to say about a failure can be read from it, a message a read, each with `e `, `w `
 * or `i ` before it; `ENODATA` when there is none.
 *
 * **Threads:** the namespaces of the calling thread are those that the file system shows, such as the network of
 * `sysfs` or the queues of `mqueue`, also when another thread goes on with the context.
 *
 * @throws `EPERM` without `CAP_SYS_ADMIN` in the user namespace that owns the mount namespace; `ENODEV` for an unknown
 *   type. fsopen(2), Linux 5.2
 */
export function fsopen(type: string): number {
  const name = text('type', type);
  return systemCall((calls) => calls.fsopen(cString(name)));
}

/**
 * Gives a context for the file system that is mounted on a place, to be changed with
 * `fsconfig(context, { command: 'reconfigure' })`. Close-on-exec.
 *
 * **Threads:** a path is resolved with the calling thread's root, working directory and mount namespace.
 *
 * @throws `EPERM`; `EINVAL` where the place is no mount's root; `ENOENT` and others of path resolution. fspick(2),
 *   Linux 5.2
 */
export function fspick(place: Place, flags: readonly FspickFlag[] = []): number {
  const { dirfd, path, empty, shown } = checkPlace('place', place);
  const bits = bitsOf('flags', flags, FSPICK_FLAGS) | (empty ? FSPICK_EMPTY_PATH : 0);
  return systemCall((calls) => calls.fspick(dirfd, path, bits), pathsOf(shown));
}

/**
 * Sets one parameter of a context, or creates or changes its file system.
 *
 * **Threads:** the context is one for all threads: two that configure it mix their parameters. Paths in a parameter are
 * resolved, and rights asked for, with the calling thread's root, namespaces and credentials.
 *
 * @throws `EINVAL` for a parameter that the file system does not know or take; `EBUSY` when it is created already, but
 *   for `reconfigure`; `EPERM`; what the file system itself gives. fsconfig(2), Linux 5.2
 */
export function fsconfig(context: number, command: FsconfigCommand): void {
  const fd = checkDescriptor('context', context);
  object('command', command);
  const name = oneOf('command', command.command, Object.keys(FSCONFIG_COMMANDS)) as FsconfigCommand['command'];
  const { number, takes } = FSCONFIG_COMMANDS[name];
  knownOptions(`command ${name}`, command, ['command', ...takes]);
  const { key, value } = command as { key?: unknown; value?: unknown };
  const parameter = takes.length > 0 ? cString(text('key', key)) : null;
  const string = name === 'setString' ? cString(text('value', value)) : null;
  const descriptor = name === 'setFd' ? checkDescriptor('value', value) : 0;
  systemCall((calls) => calls.fsconfig(fd, number, parameter, string, descriptor));
}

/**
 * Makes a mount of a created file system: returns a descriptor, close-on-exec. The mount is attached nowhere until
 * {@link moveMount}, and goes with its last descriptor if it never is.
 *
 * **Threads:** the descriptor is the process's; any of its threads may attach it, in the mount namespace where that
 * thread is.
 *
 * @throws `EINVAL` where the file system is not created; `EBUSY` for a second mount of one context; `EPERM`.
 *   fsmount(2), Linux 5.2
 */
export function fsmount(context: number, options: FsmountOptions = {}): number {
  const fd = checkDescriptor('context', context);
  checkOptions('fsmount()', options, ['attributes', 'atime']);
  const attributes = bitsOf('attributes', options.attributes, PLAIN_ATTRIBUTES) | atimeOf(options.atime);
  return systemCall((calls) => calls.fsmount(fd, attributes));
}

/**
 * Opens a place as `O_PATH` does, or with `clone` a copy of the mount there, which is attached nowhere: a bind mount in
 * the making. `recursive` copies all mounts below too. A copy that is never attached goes with its last descriptor.
 * Close-on-exec.
 *
 * **Threads:** a path is resolved with the calling thread's root, working directory and mount namespace. Only what is
 * in that namespace can be copied.
 *
 * @throws `EPERM` with `clone` and without `CAP_SYS_ADMIN`; `EINVAL` for `recursive` without `clone`, and for a mount
 *   that must not be copied; `ENOENT` and others of path resolution. open_tree(2), Linux 5.2
 */
export function openTree(place: Place, flags: readonly OpenTreeFlag[] = []): number {
  const { dirfd, path, empty, shown } = checkPlace('place', place);
  const bits = bitsOf('flags', flags, OPEN_TREE_FLAGS) | (empty ? AT_EMPTY_PATH : 0);
  return systemCall((calls) => calls.openTree(dirfd, path, bits), pathsOf(shown));
}

/**
 * Attaches a mount that {@link fsmount} or {@link openTree} made, or moves one that is attached. Symbolic links at the
 * end of a path are followed with `fSymlinks` and `tSymlinks` only. `setGroup` instead gives the second mount the
 * propagation group of the first; `beneath` puts it under the mount that is there.
 *
 * **Threads:** the target has to be in the calling thread's mount namespace; all threads and processes there see it.
 * Paths are resolved with the calling thread's root and working directory.
 *
 * @throws `EPERM` without `CAP_SYS_ADMIN`; `EINVAL` for an attached mount of another namespace, or one whose parent is
 *   shared; `ELOOP`, `ENOTDIR`, `ENOENT`. move_mount(2), Linux 5.2
 */
export function moveMount(from: Place, to: Place, flags: readonly MoveMountFlag[] = []): void {
  const source = checkPlace('from', from);
  const target = checkPlace('to', to);
  const bits =
    bitsOf('flags', flags, MOVE_MOUNT_FLAGS) |
    (source.empty ? MOVE_MOUNT_F_EMPTY_PATH : 0) |
    (target.empty ? MOVE_MOUNT_T_EMPTY_PATH : 0);
  systemCall(
    (calls) => calls.moveMount(source.dirfd, source.path, target.dirfd, target.path, bits),
    source.shown === undefined ? pathsOf(target.shown) : pathsOf(source.shown, target.shown),
  );
}

/**
 * Changes the attributes of a mount, with `recursive` of all mounts below it too: all of them or none.
 *
 * **Threads:** attributes are the mount's, so they hold for all who reach it. A path is resolved in the calling
 * thread's mount namespace.
 *
 * @throws `EINVAL` where the place is no mount's root, or the file system cannot map ids, or the mount to map is
 *   attached already; `EBUSY` for `readonly` while a file is open for writing; `EPERM` where an attribute is locked, or
 *   without `CAP_SYS_ADMIN`. mount_setattr(2), Linux 5.12
 */
export function mountSetattr(place: Place, options: MountSetattrOptions): void {
  const { dirfd, path, empty, shown } = checkPlace('place', place);
  checkOptions('mountSetattr()', options, ['set', 'clear', 'atime', 'propagation', 'idmap', 'recursive', 'flags']);
  const { atime, propagation, idmap, recursive = false } = options;
  const set = bitsOf('set', options.set, PLAIN_ATTRIBUTES);
  const clear = bitsOf('clear', options.clear, PLAIN_ATTRIBUTES);
  if ((set & clear) !== 0) throw contradiction('an attribute is in both set and clear');
  const spread = propagation === undefined ? 0 : PROPAGATIONS[checkPropagation(propagation)];
  const userns = idmap === undefined ? 0 : checkDescriptor('idmap', idmap);
  const flags =
    bitsOf('flags', options.flags, AT_FLAGS) |
    (empty ? AT_EMPTY_PATH : 0) |
    (boolean('recursive', recursive) ? AT_RECURSIVE : 0);
  systemCall(
    (calls) =>
      calls.mountSetattr(
        dirfd,
        path,
        flags,
        set | atimeOf(atime) | (idmap === undefined ? 0 : MOUNT_ATTR_IDMAP),
        clear | (atime === undefined ? 0 : ATIME_MASK),
        spread,
        userns,
      ),
    pathsOf(shown),
  );
}

function atimeOf(value: unknown): number {
  return value === undefined ? 0 : ATIMES[oneOf('atime', value, Object.keys(ATIMES)) as AccessTime];
}

function checkPropagation(value: unknown): Propagation {
  return oneOf('propagation', value, Object.keys(PROPAGATIONS)) as Propagation;
}
