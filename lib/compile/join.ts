/** Namespaces that exist already: who joins them, and in which order. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { canMapRange } from './ids.js';
import type { Slots } from './slots.js';

export interface JoinPlan {
  /** Host acts that open them, while paths are still the host's. */
  readonly open: readonly HostStep[];
  /** Host acts by which the supervisor joins them, so that the child is born into them. */
  readonly before: readonly HostStep[];
  /** What only the child may join. */
  readonly steps: readonly ContainerStep[];
  /** Where the user namespace is, if one is joined. */
  readonly user?: number;
}

/**
 * What the supervisor joins beside the user namespace. New namespaces then belong to the joined user namespace, and a
 * pid namespace counts for children only. It never joins a mount namespace: every path there is the container's.
 */
const OTHERS: readonly Namespace[] = ['ipc', 'uts', 'network', 'cgroup', 'time', 'pid'];

export function planJoins(definition: ContainerDefinition, host: Host, slots: Slots): JoinPlan {
  const from = 'namespaces()';
  const joined = definition.namespaces.filter((entry): entry is JoinedNamespace => typeof entry !== 'string');
  const places = new Map(joined.map(({ type }) => [type, slots.add(`${type} namespace`)]));
  const open = joined.map(
    ({ type, path, inode }): HostStep => ({
      op: 'openNamespace',
      slot: places.get(type) ?? 0,
      path,
      type,
      inode,
      from,
    }),
  );
  const setns = (type: Namespace) => {
    const slot = places.get(type);
    return slot === undefined ? [] : [{ op: 'setns', slot, type, from } as const];
  };
  // The user namespace gives an ordinary user the rights over the others, so it comes first. Root would lose those over
  // the host's by joining it, so it comes last. setns(2)
  const order: readonly Namespace[] = canMapRange(host) ? [...OTHERS, 'user'] : ['user', ...OTHERS];
  const user = places.get('user');
  // Root's groups stay behind with the host: what it joins may deny setgroups, and nobody can tell. user_namespaces(7)
  const groups: readonly HostStep[] =
    user !== undefined && canMapRange(host) ? [{ op: 'setGroups', groups: [], from }] : [];
  const before = [...groups, ...order.flatMap(setns)];
  return { open, before, steps: setns('mount'), ...(user === undefined ? {} : { user }) };
}
