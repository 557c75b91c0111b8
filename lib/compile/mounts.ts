/** What the container's file system is made of, in the order of mounting. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { dev } from './dev.js';
import type { IdPlan } from './ids.js';
import { hostsOfRoot } from './names.js';
import { sysctls } from './namespace-settings.js';
import { overlaySteps } from './overlay.js';
import { CapturedPlaces, hasOwnTmp, seesOwnTmp } from './places.js';
import { hasNewProc, hidden, noNestedUsers, ownSettings, proc, sys } from './proc.js';
import { executable, hostPrograms } from './programs.js';
import { pingGroups, userQuotas } from './quotas.js';
import { ownResolver } from './resolver.js';
import type { RootParts } from './root.js';
import type { Slots } from './slots.js';
import { tmpfsStep } from './tmpfs.js';
import { Trees } from './trees.js';
import { userMounts } from './user-mounts.js';

export interface MountPlan {
  /** What the supervisor prepares: trees that the child could not open, or may not map. */
  readonly acts: readonly HostStep[];
  readonly steps: readonly ContainerStep[];
  /** What the supervisor tidies up. */
  readonly after: readonly HostStep[];
  /** The slots of what is written to, for Node. */
  readonly captured: readonly number[];
}

export function planMounts(
  definition: ContainerDefinition,
  ids: IdPlan,
  host: Host,
  user: User,
  slots: Slots,
  stays: boolean,
): MountPlan {
  if (!definition.namespaces.includes('mount')) return { acts: [], steps: [], after: [], captured: [] };
  const places = new CapturedPlaces(definition, stays ? slots : undefined);
  // To a root that is read-only nobody writes.
  const nowhere = new CapturedPlaces(definition, undefined);
  const trees = new Trees(ids, host, slots);
  const settings = [
    ...noNestedUsers(definition, host),
    ...ownSettings(definition, host, [...userQuotas(definition, host), ...pingGroups(definition, ids, host, user)]),
    ...sysctls(definition),
  ];
  const own = hasNewProc(definition, host);
  const steps: ContainerStep[] = [
    // First of all: else what is mounted below would show on the host. mount_namespaces(7)
    { op: 'propagation', target: '/', type: 'private' },
    // Through the host's /proc, as long as it is there: it shows each process what is its own.
    ...(own ? [] : settings),
    ...root(definition, { ids, host, trees, user, places: definition.readonly ? nowhere : places }),
    ...proc(definition, host),
    // Through a /proc of its own where it can be: the host's keeps an entry of each key for each namespace, in one
    // chain, and to find one takes longer the more containers there are. proc_sys_compare() in fs/proc/proc_sysctl.c
    ...(own ? settings : []),
    ...sys(definition, host),
    ...dev(definition, ids, user),
    ...temporary(definition, places),
    ...executable(definition, host, trees),
    ...userMounts(definition, host, trees, places),
    // Made read-only when all that belongs there is there.
    ...(definition.readonly && isInMemory(definition)
      ? [{ op: 'mountSetattr', target: '/', attributes: ['readonly'], from: 'readonly()' } as const]
      : []),
    // Last, so that nothing is mounted over them: a fresh /proc is refused once the old one is partly hidden.
    ...hidden(definition, host),
    ...definition.mask.map((target): ContainerStep => ({ op: 'mask', target, from: 'mask()' })),
    { op: 'pivotRoot' },
  ];
  return { acts: trees.acts, steps, after: trees.after, captured: places.captured };
}

function root(definition: ContainerDefinition, parts: RootParts): readonly ContainerStep[] {
  const { rootfs, readonly, noNewPrivileges, proc } = definition;
  const { host, trees, places } = parts;
  if (rootfs === undefined) return hostPrograms(definition, parts);
  const attributes: MountAttribute[] = ['nodev'];
  // Set-user-id programs of the image are of use only where new privileges are allowed.
  if (noNewPrivileges) attributes.push('nosuid');
  if (readonly && !isInMemory(definition)) attributes.push('readonly');
  // Made where the image lacks them.
  const targets = [...(proc === 'none' ? [] : ['/proc']), '/dev', '/tmp'];
  const made = [
    ...targets.map((target): ContainerStep => ({ op: 'directory', target, mode: 0o755, from: 'rootfs()' })),
    ...hostsOfRoot(definition, host, isInMemory(definition)),
    ...ownResolver(definition, host),
  ];
  if (typeof rootfs !== 'string') {
    const place = { target: '/', attributes, from: 'rootfs(overlay())', places };
    return [...overlaySteps(definition, rootfs, place, host, trees), ...made];
  }
  const from = 'rootfs()';
  const tree = trees.open(rootfs, true, true, from);
  return [{ op: 'bind', ...tree, target: '/', attributes, recursive: true, create: false, from }, ...made];
}

/** Whether writes to the root stay in memory. */
function isInMemory({ rootfs }: ContainerDefinition): boolean {
  return rootfs === undefined || (typeof rootfs !== 'string' && rootfs.upper === undefined);
}

function temporary(definition: ContainerDefinition, places: CapturedPlaces): readonly ContainerStep[] {
  if (!hasOwnTmp(definition)) return [];
  return [tmpfsStep('/tmp', ['mode=1777']), ...(seesOwnTmp(definition) ? places.capture('/tmp', '/tmp') : [])];
}
