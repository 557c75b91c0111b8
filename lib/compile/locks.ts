/**
 * Mounts that a container with CAP_SYS_ADMIN cannot move: read-only binds, masks, the layers and what lies below.
 *
 * There are two user namespaces. The container's mounts are made in the outer one. Only then the child joins the inner
 * one, and copies its mounts: the kernel locks what a user namespace has inherited. Network, IPC, host name and cgroup
 * namespaces belong to the inner one, so that its root has rights over them. mount_namespaces(7)
 */

import type { ContainerDefinition } from '../definition/definition.js';
import { NESTED_NAMESPACES, type NestedNamespace } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import { type IdPlan, idsInside } from './ids.js';
import { boundingSet } from './security.js';
import type { Slots } from './slots.js';

export interface LockPlan {
  /** Namespaces that are made in the inner user namespace, and not with the child. */
  readonly namespaces: readonly NestedNamespace[];
  /** Before the mounts. */
  readonly nest: readonly ContainerStep[];
  /** Behind them. */
  readonly lock: readonly ContainerStep[];
}

const NONE: LockPlan = { namespaces: [], nest: [], lock: [] };

/** Whether something inside could unmount, or mount anew, what the container's definition has mounted. */
export function locksMounts({ namespaces, ...definition }: ContainerDefinition): boolean {
  const able = boundingSet({ namespaces, ...definition }).includes('CAP_SYS_ADMIN');
  return able && namespaces.includes('user') && namespaces.includes('mount');
}

export function planLocks(definition: ContainerDefinition, ids: IdPlan, slots: Slots): LockPlan {
  if (!locksMounts(definition)) return NONE;
  const from = 'capabilities()';
  const slot = slots.add('inner user namespace');
  const namespaces = (Object.keys(NESTED_NAMESPACES) as readonly NestedNamespace[]).filter((name) =>
    definition.namespaces.includes(name),
  );
  return {
    namespaces,
    nest: [{ op: 'nestNamespaces', slot, namespaces, uids: idsInside(ids, 'uid'), gids: idsInside(ids, 'gid'), from }],
    lock: [
      { op: 'setns', slot, type: 'user', from },
      { op: 'unshare', namespaces: ['mount'], from },
    ],
  };
}
