/** The plan of a server: a child that performs lists of steps in a running container. Pure. */

import type { JoinedNamespace } from '../definition/namespaces.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { Capability, Namespace } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { canMapRange, canSetGroups, type IdPlan } from './ids.js';
import { ownPlan } from './own-plan.js';
import { Slots } from './slots.js';

/** What the plan of a server follows from. */
export interface Served {
  /** The namespaces of the container that are not this process's own: of {@link SERVED_NAMESPACES} alone. */
  readonly namespaces: readonly JoinedNamespace[];
  readonly ids: IdPlan;
  /** Who asks: what is made belongs to this user, and what it may not is refused. */
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** The most that a command of the container can have. */
  readonly capabilities: readonly Capability[];
  readonly umask: number;
}

/**
 * Where files and ports are. It joins no other: not the pid namespace and no cgroup of the container, so nothing inside
 * can see, stop, or exhaust it.
 */
export const SERVED_NAMESPACES: readonly Namespace[] = Object.freeze(['network', 'user', 'mount']);

/**
 * Those of a container's that its servers join. `outer`: the user namespace around its own. The mounts belong to that
 * one where there is one, ids are the same in both, and rights in it are rights in the inner one too.
 */
export function servedBy(
  own: readonly JoinedNamespace[],
  outer: JoinedNamespace | undefined,
): readonly JoinedNamespace[] {
  return own
    .filter(({ type }) => SERVED_NAMESPACES.includes(type))
    .map((entry) => (entry.type === 'user' ? (outer ?? entry) : entry));
}

/** What is for files and ports alone. capabilities(7) */
const SERVING: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_NET_BIND_SERVICE',
];

/** How many files a server can hold open, beside one that a list opens and closes. */
export const HELD_MOST = 64;

/** The slots of a server that lists of steps may name. */
export interface ServedSlots {
  /** By which it hands over what is in slots. */
  readonly lane: number;
  /** For what a list opens and closes. */
  readonly passing: number;
  /** For what stays open. */
  readonly held: readonly number[];
}

/** The plan of a server: it receives the socket that it is asked by, and the lane. */
export function planServer(served: Served, host: Host): { readonly plan: Plan; readonly slots: ServedSlots } {
  const slots = new Slots();
  const requests = slots.receive('requests');
  const lane = slots.receive('lane');
  const own = slots.add('own descriptors');
  const places = served.namespaces.map((joined) => ({ joined, slot: slots.add(`${joined.type} namespace`) }));
  const passing = slots.add('passing');
  const held = Array.from({ length: HELD_MOST }, (_, index) => slots.add(`held ${index}`));
  const setns = (type: Namespace) =>
    places.flatMap(({ joined, slot }) => (joined.type === type ? [{ op: 'setns', slot, type } as const] : []));
  const asRoot = canMapRange(host);
  // As with commands that join: join.ts says why in this order, and why the groups go first.
  const groups: readonly HostStep[] = asRoot && setns('user').length > 0 ? [{ op: 'setGroups', groups: [] }] : [];
  const before: readonly HostStep[] = [
    ...places.map(
      ({ joined: { type, path, inode }, slot }): HostStep => ({ op: 'openNamespace', slot, path, type, inode }),
    ),
    ...groups,
    ...(asRoot ? [...setns('network'), ...setns('user')] : [...setns('user'), ...setns('network')]),
  ];
  const steps: readonly ContainerStep[] = [
    // While /proc is the host's: what the container has there is not to be believed.
    { op: 'openDirectory', slot: own, path: '/proc/self/fd' },
    ...setns('mount'),
    ...become(served, host),
    { op: 'umask', mask: served.umask },
    { op: 'setCapabilities', ...rightsOf(served) },
    { op: 'noNewPrivileges' },
    { op: 'serve', requests, own, kept: [lane] },
  ];
  const plan = ownPlan(slots, before, steps);
  return { plan, slots: { lane, passing, held } };
}

/** For files alone: what root may do to those of others. capabilities(7) */
const COPYING: readonly Capability[] = ['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER'];

/**
 * The plan of a server of the host's files: it joins nothing, and is who this process is. Copies are read and written
 * by it, so a file system of the host's that does not answer holds up no thread of Node's either.
 */
export function planHostServer(host: Host): { readonly plan: Plan; readonly slots: ServedSlots } {
  const slots = new Slots();
  const requests = slots.receive('requests');
  const lane = slots.receive('lane');
  const own = slots.add('own descriptors');
  const passing = slots.add('passing');
  const held = Array.from({ length: HELD_MOST }, (_, index) => slots.add(`held ${index}`));
  const kept = COPYING.filter((name) => hasCapability(host, name));
  const steps: readonly ContainerStep[] = [
    { op: 'openDirectory', slot: own, path: '/proc/self/fd' },
    // Modes are those of what is copied.
    { op: 'umask', mask: 0 },
    // Who has no right to take rights away has none that would matter.
    ...(hasCapability(host, 'CAP_SETPCAP') ? ([{ op: 'setCapabilities', ...onlyThose(kept) }] as const) : []),
    { op: 'noNewPrivileges' },
    { op: 'serve', requests, own, kept: [lane] },
  ];
  return { plan: ownPlan(slots, [], steps), slots: { lane, passing, held } };
}

/** An ordinary user is somebody there already, by the only id that there is. */
function become({ ids, user }: Served, host: Host): readonly ContainerStep[] {
  const isAlready = (ids.kind === 'one' && ids.own) || (ids.kind === 'host' && !canSetGroups(ids, host));
  if (isAlready) return [];
  return [
    ...(canSetGroups(ids, host) ? ([{ op: 'setGroups', groups: user.groups }] as const) : []),
    { op: 'setUser', uid: user.uid, gid: user.gid },
  ];
}

/** Root's are those that the container gives it. Nobody else has any. */
function rightsOf({ user, capabilities }: Served): Omit<Extract<ContainerStep, { op: 'setCapabilities' }>, 'op'> {
  return onlyThose(user.uid === 0 ? SERVING.filter((name) => capabilities.includes(name)) : []);
}

function onlyThose(effective: readonly Capability[]): Omit<Extract<ContainerStep, { op: 'setCapabilities' }>, 'op'> {
  return { effective, permitted: effective, bounding: effective, inheritable: [], ambient: [] };
}
