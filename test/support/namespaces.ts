/** Namespaces as the kernel shows them. */

import type { Namespace } from 'carrel';

/** Their names below /proc/PID/ns. namespaces(7) */
export const LINKS: Readonly<Record<Namespace, string>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
  time: 'time',
};
