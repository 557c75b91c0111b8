/** Machines as `compile` sees them, for tests that start nothing. */

import type { Host } from '#lib/compile/host.js';

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

/** Root of a machine. */
export const root: Host = {
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
  execDir: undefined,
  mounts: MOUNTS,
  found: [{ path: '/srv/box/sys', directory: true }],
  masked: ['/proc/kcore', '/proc/keys', '/sys/firmware'],
  readonly: ['/proc/sys'],
  resolver: [{ path: '/run/resolv.conf' }, { path: '/etc/hosts' }],
  limits: { nofile: { soft: 1024, hard: 4096 }, core: { soft: 0, hard: 'unlimited' } },
};

/** An ordinary user. */
export const user: Host = { ...root, uid: 1000, gid: 100, capabilities: 0n };

/** Root of a user namespace with one id, as `unshare --map-root-user` makes it. */
export const namespaceRoot: Host = {
  ...root,
  uidMap: [{ inside: 0, outside: 1000, count: 1 }],
  gidMap: [{ inside: 0, outside: 100, count: 1 }],
};

export const HOSTS: readonly Host[] = [root, user, namespaceRoot];
