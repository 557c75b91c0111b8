/**
 * `carrel/syscalls` makes direct system calls in Node's own process, for container tooling and its tests. One typed
 * function makes one call; carrel decides nothing, and undoes nothing. Linux 5.15 or later.
 *
 * ```ts
 * // In a Worker, as root: mounts that no other thread and no other process sees.
 * unshare(['mount']);
 * mount(null, '/', { flags: ['rec', 'private'] });
 * mount('tmpfs', '/mnt', { type: 'tmpfs', data: 'size=16m' });
 * writeFileSync('/mnt/file', 'mine');
 * ```
 *
 * **Threads.** Node's process has several threads: one that runs JavaScript and one more for each `Worker`, V8's
 * helpers, and libuv's pool, which performs `fs.readFile`, `fs.promises`, `dns.lookup` and the like. The kernel keeps
 * much of what these calls change for each thread. Such a change concerns the calling thread. It counts for synchronous
 * functions and for processes that this thread starts; the other threads do not see it. A `Worker` that does nothing
 * else is a good place: what it changed of itself ends with it. Each function says what holds for it.
 *
 * **Errors.** A refused call throws as Node's own functions do: an `Error` with `code`, `errno`, `syscall` (the
 * kernel's name of the call), and `path` and `dest` where it has paths. Wrong arguments throw a `TypeError` or
 * `RangeError` that names them, before any call. On other systems than Linux, calling throws a `CarrelError` with
 * `ERR_UNSUPPORTED`; importing does not.
 *
 * **Descriptors** are numbers, as in `node:fs`, close-on-exec, and the caller's to close with `fs.closeSync`.
 * In a `Worker` without `trackUnmanagedFds: false`, Node warns of that close, since it has not opened them itself.
 *
 * What Node has already is not here: `process.umask`, `os.hostname`, `process.chdir`.
 *
 * @packageDocumentation
 */

export type { Capability, MountAttribute, Namespace } from './plan/constants.js';
export type { PathLike, Place, PlaceAt } from './syscalls/arguments.js';
export {
  type CapabilitySets,
  capAmbientClearAll,
  capAmbientIsSet,
  capAmbientLower,
  capAmbientRaise,
  capbsetDrop,
  capbsetRead,
  capget,
  capset,
} from './syscalls/capabilities.js';
export { setgroups, setresgid, setresuid, type ThreadIds } from './syscalls/ids.js';
export {
  chroot,
  type MountFlag,
  type MountOptions,
  mount,
  pivotRoot,
  type UnmountFlag,
  unmount,
} from './syscalls/mount.js';
export {
  type AccessTime,
  type FsconfigCommand,
  type FsmountOptions,
  type FspickFlag,
  fsconfig,
  fsmount,
  fsopen,
  fspick,
  type MountSetattrOptions,
  type MoveMountFlag,
  mountSetattr,
  moveMount,
  type OpenTreeFlag,
  openTree,
  type PlainMountAttribute,
  type Propagation,
} from './syscalls/mount-objects.js';
export { setDomainname, setHostname, setns, type Unshareable, unshare } from './syscalls/namespaces.js';
export { type OpenAccess, type Openat2Options, type OpenFlag, openat2, type ResolveFlag } from './syscalls/open.js';
export { type PidfdFlag, pidfdGetfd, pidfdOpen, pidfdSendSignal } from './syscalls/pidfd.js';
export {
  getChildSubreaper,
  getDumpable,
  getKeepCapabilities,
  getNoNewPrivileges,
  getParentDeathSignal,
  setChildSubreaper,
  setDumpable,
  setKeepCapabilities,
  setNoNewPrivileges,
  setParentDeathSignal,
} from './syscalls/prctl.js';
