/** Machines as `compile` sees them, for tests that start nothing. */

import type { CgroupFacts, CgroupHierarchy } from '#lib/cgroup/files.js';
import type { Host } from '#lib/host/facts.js';

export const ALL_CAPABILITIES = (1n << 41n) - 1n;
const EVERY_ID = [{ inside: 0, outside: 0, count: 4294967295 }];

/** What matters of the mounts of a machine. */
const MOUNTS: Host['mounts'] = [
  { id: 20, parent: 1, root: '/', path: '/', options: ['rw', 'relatime'], type: 'ext4' },
  {
    id: 21,
    parent: 20,
    root: '/',
    path: '/proc',
    options: ['rw', 'nosuid', 'nodev', 'noexec', 'relatime'],
    type: 'proc',
  },
  { id: 22, parent: 21, root: '/', path: '/proc/sys/fs/binfmt_misc', options: ['rw', 'relatime'], type: 'binfmt_misc' },
  {
    id: 23,
    parent: 20,
    root: '/',
    path: '/sys',
    options: ['rw', 'nosuid', 'nodev', 'noexec', 'relatime'],
    type: 'sysfs',
  },
  { id: 24, parent: 23, root: '/', path: '/sys/fs/cgroup', options: ['rw', 'nosuid', 'relatime'], type: 'cgroup2' },
];

const V2: CgroupHierarchy = {
  version: 2,
  parent: '/sys/fs/cgroup',
  controllers: ['memory', 'pids', 'cpu', 'cpuset', 'io'],
  files: [
    ...['cgroup.procs', 'cgroup.kill', 'cgroup.freeze', 'cgroup.events'],
    ...['memory.max', 'memory.high', 'memory.swap.max', 'memory.oom.group', 'memory.events', 'memory.peak'],
    ...['pids.max', 'pids.peak', 'cpu.stat', 'cpu.max', 'cpu.weight', 'cpuset.cpus', 'io.max', 'io.stat'],
  ],
};

function v1(controller: string, files: readonly string[]): CgroupHierarchy {
  const all = ['cgroup.procs', 'cgroup.event_control', ...files.map((file) => `${controller}.${file}`)];
  return { version: 1, parent: `/sys/fs/cgroup/${controller}`, controllers: [controller], files: all };
}

const V1: readonly CgroupHierarchy[] = [
  v1('memory', ['limit_in_bytes', 'memsw.limit_in_bytes', 'oom_control', 'max_usage_in_bytes']),
  v1('pids', ['max', 'peak']),
  v1('cpu', ['cfs_quota_us', 'cfs_period_us', 'shares', 'stat']),
  v1('cpuacct', ['usage', 'usage_user', 'usage_sys']),
  v1('cpuset', ['cpus', 'mems']),
  v1('freezer', ['state']),
  v1('blkio', ['throttle.read_bps_device', 'throttle.write_iops_device', 'throttle.io_service_bytes_recursive']),
];

const found = { cpus: 4, obstacles: [], remedy: 'run as root' };

/** What machines have of cgroups. */
export const CGROUPS = {
  v2: { ...found, hierarchies: [V2] },
  v1: { ...found, hierarchies: V1 },
  /** Version 2 without a controller beside version 1. */
  hybrid: {
    ...found,
    hierarchies: [
      ...V1,
      {
        ...V2,
        parent: '/sys/fs/cgroup/unified',
        controllers: [],
        files: ['cgroup.procs', 'cgroup.freeze', 'cgroup.events', 'cpu.stat'],
      },
    ],
  },
  /** Some controllers were not delegated. */
  delegated: { ...found, hierarchies: [{ ...V2, controllers: ['memory', 'pids'] }] },
  none: { ...found, hierarchies: [], obstacles: ['memory (cgroup v1): EACCES, mkdir at /sys/fs/cgroup/memory'] },
} as const satisfies Readonly<Record<string, CgroupFacts>>;

/** Root of a machine. */
export const root: Host = {
  arch: 'x64',
  kernel: [6, 1],
  uid: 0,
  gid: 0,
  capabilities: ALL_CAPABILITIES,
  uidMap: EVERY_ID,
  gidMap: EVERY_ID,
  reservedIds: [{ inside: 0, outside: 100000, count: 65536 }],
  subordinate: {
    uid: [{ inside: 0, outside: 100000, count: 65536 }],
    gid: [{ inside: 0, outside: 100000, count: 65536 }],
  },
  helpers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
  programs: [
    { path: '/usr', directory: true },
    { path: '/bin', link: 'usr/bin' },
  ],
  settings: [{ path: '/etc/services' }],
  executable: { shown: [] },
  mounts: MOUNTS,
  found: [{ path: '/srv/box/sys', directory: true }],
  masked: ['/proc/kcore', '/proc/keys', '/sys/firmware'],
  readonly: ['/proc/sys'],
  resolver: [{ path: '/run/resolv.conf' }, { path: '/etc/hosts' }],
  cgroups: CGROUPS.v2,
  labels: {},
  outbound: {
    pasta: '/usr/bin/pasta',
    slirp4netns: '/usr/bin/slirp4netns',
    tun: true,
    nameservers: [{ address: '192.0.2.53', local: false }],
    lines: ['search example.org'],
  },
  sysctls: { 'user/max_inotify_instances': '128', 'net/ipv4/ping_group_range': '1\t0' },
  rlimits: { nofile: { soft: 1024, hard: 4096 }, core: { soft: 0, hard: 'unlimited' } },
};

/** An ordinary user. */
export const user: Host = {
  ...root,
  kernel: [5, 15],
  uid: 1000,
  gid: 100,
  capabilities: 0n,
  cgroups: CGROUPS.none,
  hosts: { text: '127.0.0.1 localhost\n' },
};

/** Root of a user namespace with one id, as `unshare --map-root-user` makes it. */
export const namespaceRoot: Host = {
  ...root,
  arch: 'arm64',
  uidMap: [{ inside: 0, outside: 1000, count: 1 }],
  gidMap: [{ inside: 0, outside: 100, count: 1 }],
  cgroups: CGROUPS.hybrid,
};

export const HOSTS: readonly Host[] = [root, user, namespaceRoot];
