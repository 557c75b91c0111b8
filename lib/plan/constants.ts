/** Kernel constants: the names of the OCI runtime specification and the man pages, with the kernel's numbers. */

/** A namespace as OCI names it; namespaces(7). */
export type Namespace = 'time' | 'mount' | 'cgroup' | 'uts' | 'ipc' | 'user' | 'pid' | 'network';

/** namespaces(7); the numbers are `CLONE_NEW*` of linux/sched.h. `time` came with Linux 5.6, the others by 4.6. */
export const NAMESPACES = {
  time: 0x00000080,
  mount: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const satisfies Readonly<Record<Namespace, number>>;

/** What each is called below /proc/PID/ns. namespaces(7) */
export const NAMESPACE_FILES: Readonly<Record<Namespace, string>> = {
  time: 'time',
  mount: 'mnt',
  cgroup: 'cgroup',
  uts: 'uts',
  ipc: 'ipc',
  user: 'user',
  pid: 'pid',
  network: 'net',
};

/** Those that can belong to a user namespace inside the child's own, while the child is outside. */
export const NESTED_NAMESPACES = {
  cgroup: NAMESPACES.cgroup,
  uts: NAMESPACES.uts,
  ipc: NAMESPACES.ipc,
  network: NAMESPACES.network,
} as const satisfies Partial<Readonly<Record<Namespace, number>>>;
export type NestedNamespace = keyof typeof NESTED_NAMESPACES;

/** A clock whose time a time namespace can shift; time_namespaces(7). The numbers are `CLOCK_*` of linux/time.h. */
export const CLOCKS = { monotonic: 1, boottime: 7 } as const;

/** An attribute of a mount; mount_setattr(2). */
export type MountAttribute = 'readonly' | 'nosuid' | 'nodev' | 'noexec' | 'noatime' | 'nodiratime' | 'nosymfollow';

/** Attributes of a mount, mount_setattr(2); the numbers are `MOUNT_ATTR_*` of linux/mount.h. */
export const MOUNT_ATTRIBUTES = {
  readonly: 0x00000001,
  nosuid: 0x00000002,
  nodev: 0x00000004,
  noexec: 0x00000008,
  noatime: 0x00000010,
  nodiratime: 0x00000080,
  nosymfollow: 0x00200000,
} as const satisfies Readonly<Record<MountAttribute, number>>;

/** What a container's cgroups have counted when it is over: bits, in the order of the numbers in `exited`. */
export const COUNTERS = {
  memoryPeak: 0x01,
  oomKills: 0x02,
  cpu: 0x04,
  cpuUser: 0x08,
  cpuSystem: 0x10,
  throttled: 0x20,
  pidsPeak: 0x40,
  ioRead: 0x80,
  ioWritten: 0x100,
} as const;

/** A number that a container's cgroups count. */
export type Counter = keyof typeof COUNTERS;

/** Propagation of mount events, mount_namespaces(7); the numbers are `MS_*` of linux/mount.h. */
export const PROPAGATIONS = {
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
} as const;

/** A resource limit by its name in getrlimit(2), without `RLIMIT_`. */
export type Resource =
  | 'cpu'
  | 'fsize'
  | 'data'
  | 'stack'
  | 'core'
  | 'rss'
  | 'nproc'
  | 'nofile'
  | 'memlock'
  | 'as'
  | 'locks'
  | 'sigpending'
  | 'msgqueue'
  | 'nice'
  | 'rtprio'
  | 'rttime';

/** Resource limits, getrlimit(2); the numbers are `RLIMIT_*` of asm-generic/resource.h. */
export const RESOURCES = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const satisfies Readonly<Record<Resource, number>>;

const CAPABILITY_NAMES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** A capability by its name in capabilities(7), as OCI writes it. */
export type Capability = (typeof CAPABILITY_NAMES)[number];

/** capabilities(7); each name's bit. The newest, `CAP_CHECKPOINT_RESTORE`, came with Linux 5.9. */
export const CAPABILITIES: Readonly<Record<Capability, bigint>> = Object.freeze(
  Object.fromEntries(CAPABILITY_NAMES.map((name, bit) => [name, 1n << BigInt(bit)])),
) as Readonly<Record<Capability, bigint>>;

/** What can be made for something to be mounted on: S_IFDIR and S_IFREG. stat(2), inode(7) */
export const TARGET_TYPES = { directory: 0o040000, file: 0o100000 } as const;

/**
 * What becomes of a system call, seccomp(2); the numbers are `SECCOMP_RET_*` of linux/seccomp.h. From the strictest on,
 * which is the kernel's own order where several filters have an opinion.
 */
export const SECCOMP_ACTIONS = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
} as const;

/** What becomes of a system call, as OCI names it. */
export type SeccompAction = keyof typeof SECCOMP_ACTIONS;

/** How a filter is loaded, seccomp(2); the numbers are `SECCOMP_FILTER_FLAG_*` of linux/seccomp.h. */
export const SECCOMP_FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x01,
  SECCOMP_FILTER_FLAG_LOG: 0x02,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x04,
} as const;

/** How a filter is loaded, as OCI and the kernel name it. */
export type SeccompFlag = keyof typeof SECCOMP_FLAGS;

/** What a Landlock ruleset can refuse on files; the numbers are `LANDLOCK_ACCESS_FS_*` of linux/landlock.h. */
export const LANDLOCK_FILES = {
  execute: 0x0001,
  writeFile: 0x0002,
  readFile: 0x0004,
  readDir: 0x0008,
  removeDir: 0x0010,
  removeFile: 0x0020,
  makeChar: 0x0040,
  makeDir: 0x0080,
  makeReg: 0x0100,
  makeSock: 0x0200,
  makeFifo: 0x0400,
  makeBlock: 0x0800,
  makeSym: 0x1000,
  refer: 0x2000,
  truncate: 0x4000,
  ioctlDev: 0x8000,
} as const;

/** Something that a program does with a file, as landlock(7) names it. */
export type LandlockFileRight = keyof typeof LANDLOCK_FILES;

/** The same for ports: `LANDLOCK_ACCESS_NET_*`. */
export const LANDLOCK_PORTS = { bindTcp: 1, connectTcp: 2 } as const;

/** Something that a program does with a port of TCP. */
export type LandlockPortRight = keyof typeof LANDLOCK_PORTS;

/** What ends at the edge of a Landlock domain: `LANDLOCK_SCOPE_*`. */
export const LANDLOCK_SCOPES = { 'abstract-unix-socket': 1, signal: 2 } as const;

/** Something that reaches no process outside. */
export type LandlockScope = keyof typeof LANDLOCK_SCOPES;

/** Security modules that give a program a label when it is executed; the numbers are `LSM_ID_*` of linux/lsm.h. */
export const LABEL_MODULES = { selinux: 101, apparmor: 104 } as const;

/** A security module that labels programs. */
export type LabelModule = keyof typeof LABEL_MODULES;

/** What a server opens a file for, open(2); the numbers are `O_*` of asm-generic/fcntl.h. Without: for reading. */
export const OPEN_FLAGS = {
  write: 0o1,
  readWrite: 0o2,
  create: 0o100,
  exclusive: 0o200,
  append: 0o2000,
} as const;

/** For what a server opens a file. */
export type OpenFlag = keyof typeof OPEN_FLAGS;

/** What a server opens: S_IFREG and S_IFDIR. inode(7) */
export const FILE_KINDS = { file: 0o100000, directory: 0o040000 } as const;

/** What a server makes that is no regular file, directory or link: S_IFIFO, S_IFSOCK, S_IFCHR. inode(7) */
export const NODE_TYPES = { fifo: 0o010000, socket: 0o140000, whiteout: 0o020000 } as const;

/** The families of sockets that a server makes: AF_UNIX, AF_INET and AF_INET6. address_families(7) */
export const SOCKET_DOMAINS = { unix: 1, ipv4: 2, ipv6: 10 } as const;

/** What the addresses of a route are: somewhere else, or the machine's own. RTN_* in rtnetlink(7) */
export const ROUTE_TYPES = { unicast: 1, local: 2 } as const;

/** The families of addresses: AF_INET, and AF_INET6, which has the other one too. address_families(7) */
export const ADDRESS_FAMILIES = { ipv4: 2, ipv6: 10 } as const;
