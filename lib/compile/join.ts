/** Namespaces that exist already: who joins them, and in which order. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { ALLOW_ALL } from '../seccomp/bpf.js';
import { canMapRange } from './ids.js';
import type { Slots } from './slots.js';

export interface JoinPlan {
  /** Host acts that open them, while paths are still the host's. */
  readonly open: readonly HostStep[];
  /** Host acts by which the supervisor joins them, so that the child is born into them. */
  readonly before: readonly HostStep[];
  /** What only the child may join, and what tells of all that it starts. */
  readonly steps: readonly ContainerStep[];
  /** The child goes on in a pid namespace where others are. */
  readonly enters: boolean;
  /** The child makes a cgroup namespace among these steps. */
  readonly cgroup: boolean;
  /** Where the user namespace is, if one is joined. */
  readonly user?: number;
}

/**
 * What the supervisor joins beside the user namespace. New namespaces then belong to the joined user namespace. It
 * never joins a mount namespace: every path there is the container's.
 */
const OTHERS: readonly Namespace[] = ['ipc', 'uts', 'network', 'cgroup', 'time'];

/** `limited`: the command has a cgroup of its own. `reported`: where the listener of its own filter is, if any. */
export function planJoins(
  definition: ContainerDefinition,
  host: Host,
  limited: boolean,
  slots: Slots,
  reported: number | undefined,
): JoinPlan {
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
  // All that is in a pid namespace would see the child there, with all that it still has of the host. But it has to be
  // born there to mount a /proc of it, or where it has no rights over it in a user namespace of its own.
  const enters = places.has('pid') && places.has('mount') && !definition.namespaces.includes('user');
  const others: readonly Namespace[] = enters ? OTHERS : [...OTHERS, 'pid'];
  // The user namespace gives an ordinary user the rights over the others, so it comes first. Root would lose those over
  // the host's by joining it, so it comes last. setns(2)
  const order: readonly Namespace[] = canMapRange(host) ? [...others, 'user'] : ['user', ...others];
  const user = places.get('user');
  // Root's groups stay behind with the host: what it joins may deny setgroups, and nobody can tell. user_namespaces(7)
  const groups: readonly HostStep[] =
    user !== undefined && canMapRange(host) ? [{ op: 'setGroups', groups: [], from }] : [];
  const told = places.has('pid') && !limited ? planDescendants(slots, reported) : undefined;
  return {
    open: [...open, ...(told?.before ?? [])],
    before: [...groups, ...order.flatMap(setns)],
    steps: [...(told?.steps ?? []), ...setns('mount'), ...(enters ? setns('pid') : [])],
    enters,
    cgroup: told !== undefined,
    ...(user === undefined ? {} : { user }),
  };
}

/**
 * A pid namespace that is joined does not end with the command. All that the command starts is known by a cgroup
 * namespace of its own, which only CAP_SYS_ADMIN leaves, and by a filter, which nobody takes off. A cgroup of the
 * command's own does better.
 */
function planDescendants(slots: Slots, reported: number | undefined): Pick<JoinPlan, 'before' | 'steps'> {
  const from = 'namespaces()';
  const namespace = slots.add('own cgroup namespace');
  const listener = reported ?? slots.add('listener');
  return {
    before: [{ op: 'endDescendants', namespace, listener, from }],
    steps: [
      { op: 'unshare', namespaces: ['cgroup'], from },
      // While the path is the host's: nothing in a joined mount namespace is to be believed.
      { op: 'openNamespace', slot: namespace, path: '/proc/self/ns/cgroup', type: 'cgroup', inode: 0, from },
      // As long as it has every right: later it may lack CAP_SYS_ADMIN, and may not have given up new privileges.
      ...(reported === undefined
        ? ([
            { op: 'seccomp', filter: ALLOW_ALL, flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'], slot: listener, from },
          ] as const)
        : []),
    ],
  };
}
