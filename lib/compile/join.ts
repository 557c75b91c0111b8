/** Namespaces that exist already: who joins them, and in which order. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { ALLOW_ALL } from '../seccomp/bpf.js';
import { canMapRange } from './ids.js';
import { joinedNetwork } from './network.js';
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
  /** What the child joins once it is in cgroups of its own. */
  readonly late: readonly ContainerStep[];
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

/** What joining depends on beside the namespaces. */
interface Circumstances {
  /** The command has a cgroup of its own. */
  readonly limited: boolean;
  /** It enters a container that stays. */
  readonly entering: boolean;
  /** Whether what it leaves behind goes on. */
  readonly keeps: boolean;
  /** Where the listener of its own filter is, if it has one. */
  readonly reported: number | undefined;
  /** A user namespace around the one that is joined, to which the pid namespace belongs. */
  readonly outer: JoinedNamespace | undefined;
}

export function planJoins(
  definition: ContainerDefinition,
  host: Host,
  slots: Slots,
  { limited, entering, keeps, reported, outer }: Circumstances,
): JoinPlan {
  const from = joinedNetwork(definition.network) !== undefined ? 'network()' : 'namespaces()';
  const joined = definition.namespaces.filter((entry): entry is JoinedNamespace => typeof entry !== 'string');
  const places = new Map(joined.map(({ type }) => [type, slots.add(`${type} namespace`)]));
  const opening = ({ type, path, inode }: JoinedNamespace, slot: number): HostStep => {
    return { op: 'openNamespace', slot, path, type, inode, from };
  };
  const around = outer === undefined ? undefined : slots.add('outer user namespace');
  const open = [
    ...joined.map((entry) => opening(entry, places.get(entry.type) ?? 0)),
    ...(outer === undefined || around === undefined ? [] : [opening(outer, around)]),
  ];
  const setns = (type: Namespace) => {
    const slot = places.get(type);
    return slot === undefined ? [] : [{ op: 'setns', slot, type, from } as const];
  };
  // All that is in a pid namespace would see the child there, with all that it still has of the host. But it has to be
  // born there to mount a /proc of it, or where it has no rights over it in a user namespace of its own.
  const enters = places.has('pid') && places.has('mount') && !definition.namespaces.includes('user');
  // Who is in a cgroup namespace may move nobody into it from outside of its root: `nsdelegate` in cgroup-v2.rst.
  // So the supervisor stays in its own, and the child joins when it is in the container's cgroups.
  const alone: readonly Namespace[] = entering ? OTHERS.filter((type) => type !== 'cgroup') : OTHERS;
  const others: readonly Namespace[] = enters ? alone : [...alone, 'pid'];
  // The user namespace gives an ordinary user the rights over the others, so it comes first. Root would lose those over
  // the host's by joining it, so it comes last. setns(2)
  const order: readonly Namespace[] = canMapRange(host) ? [...others, 'user'] : ['user', ...others];
  const user = places.get('user');
  // In the inner one nobody has rights over the pid namespace: the child goes there when it has joined that.
  const nested = around !== undefined;
  const first = nested && !canMapRange(host) ? [{ op: 'setns', slot: around, type: 'user', from } as const] : [];
  const joining = nested ? [...first, ...others.flatMap(setns)] : order.flatMap(setns);
  const pid = enters ? setns('pid') : [];
  // Root's groups stay behind with the host: what it joins may deny setgroups, and nobody can tell. user_namespaces(7)
  const groups: readonly HostStep[] =
    user !== undefined && canMapRange(host) ? [{ op: 'setGroups', groups: [], from }] : [];
  // Its root is where the command is, or the container's cgroup, in which that of the command is seen.
  const late: readonly ContainerStep[] = limited ? setns('cgroup') : [{ op: 'unshare', namespaces: ['cgroup'], from }];
  const told = places.has('pid') && !limited && !keeps ? planDescendants(slots, reported) : undefined;
  return {
    open: [...open, ...(told?.before ?? [])],
    before: [...groups, ...joining],
    steps: [
      ...(told?.steps ?? []),
      ...(nested ? [...pid, ...setns('user'), ...setns('mount')] : [...setns('mount'), ...pid]),
    ],
    late: entering && told === undefined && places.has('cgroup') ? late : [],
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
