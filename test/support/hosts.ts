/** Machines as `compile` sees them, for tests that start nothing. */

import type { Host } from '#lib/compile/host.js';

export const ALL_CAPABILITIES = (1n << 41n) - 1n;
const EVERY_ID = [{ inside: 0, outside: 0, count: 4294967295 }];

/** Root of a machine. */
export const root: Host = {
  uid: 0,
  gid: 0,
  capabilities: ALL_CAPABILITIES,
  uidMap: EVERY_ID,
  gidMap: EVERY_ID,
  reservedIds: [{ inside: 0, outside: 100000, count: 65536 }],
  programs: [
    { path: '/usr', directory: true },
    { path: '/bin', link: 'usr/bin' },
  ],
  settings: [{ path: '/etc/services' }],
  execDir: undefined,
  masked: ['/proc/kcore', '/proc/keys'],
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
