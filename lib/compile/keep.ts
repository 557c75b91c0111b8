/**
 * The plan of a keeper: a server that keeps what a container has written. It is in the container's user namespace, so
 * that owners are the container's, and in no other of its namespaces: it holds descriptors of the places, and looks up
 * no path of the container's but below them. Pure.
 */

import type { JoinedNamespace } from '../definition/namespaces.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { Capability } from '../plan/constants.js';
import { freezeDeep, type Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { canMapRange, canSetGroups, type IdPlan, mapsOwners, setupUser } from './ids.js';
import { SNAPSHOT_LOCK } from './overlay.js';
import { Slots } from './slots.js';
import { Trees } from './trees.js';

/** What the plan of a keeper follows from. */
export interface Kept {
  /** The user namespace that the container's mounts belong to; `undefined`: this process's. */
  readonly user: JoinedNamespace | undefined;
  readonly ids: IdPlan;
  /** How many places of the container it is given. */
  readonly places: number;
  /** Directories of the host that it only reads. */
  readonly layers: readonly string[];
  /** Where it writes, and what it removes in the end. */
  readonly directory: string | undefined;
  /** Directories of other snapshots that are to stay as long as this one does. */
  readonly snapshots: readonly string[];
}

/** The slots of a keeper that lists of steps may name. */
export interface KeeperSlots {
  readonly places: readonly number[];
  readonly layers: readonly number[];
  /** `undefined`: it writes nothing. */
  readonly directory: number | undefined;
  readonly lock: number;
  /** For what lists open: files and directories on both sides, and what is on the way to them. */
  readonly from: number;
  readonly into: number;
  readonly file: number;
  readonly copy: number;
  readonly passing: readonly [number, number];
}

/** Any file of the container's can be read, and a copy made as it is. capabilities(7) */
const KEEPING: readonly Capability[] = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP'];

export function planKeeper(kept: Kept, host: Host): { readonly plan: Plan; readonly slots: KeeperSlots } {
  const { user, ids, directory } = kept;
  const slots = new Slots();
  const requests = slots.receive('requests');
  const lane = slots.receive('lane');
  const places = Array.from({ length: kept.places }, (_, index) => slots.receive(`place ${index}`));
  const own = slots.add('own descriptors');
  const namespace = user === undefined ? undefined : slots.add('user namespace');
  const trees = new Trees(idsFor(ids, namespace), host, slots);
  const opening: ContainerStep[] = [];
  const openDirectory = (path: string, name: string): number => {
    const slot = slots.add(name);
    opening.push({ op: 'openDirectory', slot, path });
    return slot;
  };
  const tree = (path: string): number => {
    const source = trees.open(path, false, mapsOwners(ids));
    return 'slot' in source ? source.slot : openDirectory(path, path);
  };
  const layers = kept.layers.map(tree);
  const written = directory === undefined ? undefined : tree(directory);
  const locks = kept.snapshots.map((snapshot): ContainerStep => {
    const target = `${snapshot}/${SNAPSHOT_LOCK}`;
    return { op: 'lockFile', slot: slots.add(target), target };
  });
  const place = directory === undefined ? undefined : openDirectory(directory, 'what goes in the end');
  const add = (name: string): number => slots.add(name);
  const named: KeeperSlots = {
    places,
    layers,
    directory: written,
    lock: add('lock'),
    from: add('from'),
    into: add('into'),
    file: add('file'),
    copy: add('copy'),
    passing: [add('passing'), add('passing too')],
  };
  const before: readonly HostStep[] = [
    ...(user === undefined || namespace === undefined
      ? []
      : [
          {
            op: 'openNamespace',
            slot: namespace,
            path: user.path,
            type: 'user',
            inode: user.inode,
          } as const,
        ]),
    ...trees.acts,
    ...(canMapRange(host) && user !== undefined ? ([{ op: 'setGroups', groups: [] }] as const) : []),
  ];
  const effective = rightsOf(kept, host);
  const steps: readonly ContainerStep[] = [
    // While it is still who the caller is.
    ...locks,
    { op: 'openDirectory', slot: own, path: '/proc/self/fd' },
    ...opening,
    ...(namespace === undefined ? [] : [{ op: 'setns', slot: namespace, type: 'user' } as const]),
    ...become(ids, host),
    { op: 'umask', mask: 0 },
    {
      op: 'setCapabilities',
      effective,
      permitted: effective,
      bounding: effective,
      inheritable: [],
      ambient: [],
    },
    { op: 'noNewPrivileges' },
    {
      op: 'serve',
      requests,
      own,
      kept: [lane, ...places, ...layers, ...(written === undefined ? [] : [written])],
      ...(written === undefined ? {} : { clears: written, lock: named.lock }),
    },
  ];
  const plan: Plan = freezeDeep({
    before,
    clone: [],
    steps,
    after:
      directory === undefined || place === undefined
        ? []
        : [{ op: 'rmdir', slot: place, name: directory.slice(directory.lastIndexOf('/') + 1) }],
    slots: slots.names,
    received: slots.received,
    kept: 0,
    // What it keeps goes with it, also where Node is killed.
    detached: directory !== undefined,
    timeoutMs: 0,
    timeoutSignal: 9,
  });
  return { plan, slots: named };
}

/** Where it joins the container's user namespace, trees are opened before that. */
function idsFor(ids: IdPlan, namespace: number | undefined): IdPlan {
  return namespace === undefined ? ids : { kind: 'joined', slot: namespace, known: ids };
}

/** As who makes the container's mounts: `setUser` needs a user who is another one. */
function become(ids: IdPlan, host: Host): readonly ContainerStep[] {
  const user = setupUser(ids, host);
  if (user === undefined) return [];
  return [
    ...(canSetGroups(ids, host) ? ([{ op: 'setGroups', groups: [] }] as const) : []),
    { op: 'setUser', uid: user.uid, gid: user.gid },
  ];
}

/** Overlays of the host's own user namespace keep their notes where only its root reads them. */
function rightsOf({ user }: Kept, host: Host): readonly Capability[] {
  if (user !== undefined) return KEEPING;
  return [...KEEPING, 'CAP_SYS_ADMIN' as const].filter((name) => hasCapability(host, name));
}
