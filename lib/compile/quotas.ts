/**
 * What the kernel counts for a user and not for a container: a container gets less of it than its caller has, so that
 * what a container uses up is not the caller's too. user_namespaces(7) has no walls here.
 */

import type { ContainerDefinition } from '../definition/definition.js';
import type { ResourceLimits } from '../definition/rlimits.js';
import type { User } from '../definition/user.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { StepOf } from '../plan/steps.js';
import { type IdPlan, ownsAllIds, RANGE_SIZE, rangeWith } from './ids.js';

/** Of what the caller may open. */
const DESCRIPTORS = 3 / 4;

/**
 * Limits of the command that nobody has asked for. As many descriptors of a user may be under way in sockets as the
 * process that sends the next one may open. Where the container is the caller's own user, it gets fewer. Otherwise it
 * could fill that, and carrel could send its next launcher no plan. unix(7), ETOOMANYREFS
 */
export function impliedLimits(ids: IdPlan, host: Host): ResourceLimits {
  const { nofile } = host.rlimits;
  const isCounted = !(hasCapability(host, 'CAP_SYS_RESOURCE') && ownsAllIds(host));
  if (ids.kind === 'range' || !isCounted || nofile === undefined || nofile.soft === 'unlimited') return {};
  const hard = Math.floor(nofile.soft * DESCRIPTORS);
  return { nofile: { soft: hard, hard } };
}

/**
 * What counts for each user of a user namespace, and again for who made that. Beside each stands half of the kernel's
 * default, or of its least: a user namespace has no limits of its own at first, and does not tell those around it.
 * namespaces(7), inotify(7), fanotify(7)
 */
const COUNTED_BY_USER = {
  'user/max_inotify_instances': 64,
  'user/max_inotify_watches': 4096,
  'user/max_fanotify_groups': 64,
  'user/max_fanotify_marks': 4096,
} as const;
/** What the kernel says where there is no limit. */
const UNLIMITED = 2 ** 31 - 1;
const PING = 'net/ipv4/ping_group_range';

/** The settings that this file has to know of the host. */
export const OWN_SYSCTLS: readonly string[] = [...Object.keys(COUNTED_BY_USER), PING];

/** Half of what each user of the host may have, in a user namespace of the container's own. */
export function userQuotas({ namespaces }: ContainerDefinition, { sysctls }: Host): readonly StepOf<'sysctl'>[] {
  if (!namespaces.includes('user')) return [];
  return Object.entries(COUNTED_BY_USER).flatMap(([path, otherwise]) => {
    const most = Number(sysctls[path] ?? Number.NaN);
    const half = most === UNLIMITED ? otherwise : Math.floor(most / 2);
    return half >= 1 ? [{ op: 'sysctl', path, value: String(half) } as const] : [];
  });
}

/**
 * Every group of the container may send ICMP echo requests, so that ping needs no CAP_NET_RAW. Both ends of the range
 * must be mapped. icmp(7), Linux 2.6.39
 */
export function pingGroups(
  { namespaces, sysctl }: ContainerDefinition,
  ids: IdPlan,
  { sysctls }: Host,
  { gid }: User,
): readonly StepOf<'sysctl'>[] {
  if (!namespaces.includes('network') || sysctls[PING] === undefined || sysctl[PING] !== undefined) return [];
  const [first, last] = groupsOf(ids, gid);
  return [{ op: 'sysctl', path: PING, value: `${first} ${last}` }];
}

/** The kernel's own most: GID_T_MAX in include/net/ping.h. */
const LAST_GROUP = 2 ** 31 - 1;

function groupsOf(ids: IdPlan, gid: number): readonly [number, number] {
  switch (ids.kind) {
    case 'host': {
      // The caller may be in a user namespace itself, which has fewer.
      const { inside, count } = rangeWith(ids.gid, gid) ?? { inside: gid, count: 1 };
      return [inside, Math.min(inside + count - 1, LAST_GROUP)];
    }
    case 'range':
      return [0, RANGE_SIZE - 1];
    case 'one':
      return [ids.gid, ids.gid];
    case 'ranges': {
      const roots = ids.gid.find(({ inside, count }) => inside === 0 && count > 1) ?? { inside: gid, count: 1 };
      return [roots.inside, roots.inside + roots.count - 1];
    }
    case 'joined':
      return [gid, gid];
  }
}
