/** The namespaces of a container that stays, as descriptors for Node: commands that enter later join them. */

import type { ContainerDefinition } from '../definition/definition.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

export interface CapturePlan {
  /** While paths are the host's. */
  readonly open: readonly ContainerStep[];
  /** When every namespace is the command's own. */
  readonly give: readonly ContainerStep[];
}

/** What in /proc/self/ns is final before its process has forked, or joined a pid namespace. namespaces(7) */
const FILES: Readonly<Record<Namespace, string>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid_for_children',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
  time: 'time_for_children',
};
const from = 'start()';

/**
 * The child opens them itself: PID 1 is not to be looked at by anybody, and its time and cgroup namespaces are not the
 * command's. It finds them in the host's /proc, whatever the container has there. ptrace(2), proc(5)
 */
export function planCapture({ namespaces }: ContainerDefinition, stays: boolean, slots: Slots): CapturePlan {
  const types = capturedTypes(namespaces);
  if (!stays || types.length === 0) return { open: [], give: [] };
  const proc = slots.add('/proc of the host');
  const opened = types.map((type) => ({
    op: 'openNamespace' as const,
    slot: slots.add(`own ${type} namespace`),
    path: `self/ns/${FILES[type]}`,
    type,
    inode: 0,
    at: proc,
    from,
  }));
  return {
    open: [{ op: 'openDirectory', slot: proc, path: '/proc', from }],
    give: [...opened, { op: 'give', slots: opened.map(({ slot }) => slot), from }],
  };
}

/** The kinds of namespace that are not the host's, in the order in which Node gets them. */
export function capturedTypes(namespaces: ContainerDefinition['namespaces']): readonly Namespace[] {
  return (Object.keys(NAMESPACES) as readonly Namespace[]).filter((name) =>
    namespaces.some((entry) => (typeof entry === 'string' ? entry : entry.type) === name),
  );
}
