/** Who the container's users are on the host. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { User } from '../definition/user.js';
import type { HostStep } from '../plan/steps.js';
import { type Host, hasCapability, type IdRange } from './host.js';

/** Ids of one container. */
export const RANGE_SIZE = 65_536;
/** Where ranges for containers begin and end: above what distributions give to people and services, below 2^31. */
export const RANGE_FIRST = 0x60000000;
export const RANGE_LAST = 0x7fff0000;

/** How ids inside are mapped to ids of the host. */
export type IdPlan =
  /** No user namespace: ids are the host's. */
  | { readonly kind: 'host' }
  /** A whole range, root included; trees are shown with their owners mapped. */
  | { readonly kind: 'range'; readonly first: number }
  /** One id inside is the caller, and no other exists. */
  | { readonly kind: 'one'; readonly uid: number; readonly gid: number }
  /** Those of the user namespace that is joined, in `slot`: only it knows them. */
  | { readonly kind: 'joined'; readonly slot?: number };

/** Whether this caller can give every container a range of its own: root with the ids at hand. */
export function canMapRange(host: Host): boolean {
  return (
    hasCapability(host, 'CAP_SYS_ADMIN') &&
    hasCapability(host, 'CAP_SETUID') &&
    hasCapability(host, 'CAP_SETGID') &&
    covers(host.uidMap, RANGE_LAST) &&
    covers(host.gidMap, RANGE_LAST)
  );
}

/** Whether this process is in the machine's first user namespace, in which every id exists. user_namespaces(7) */
export function ownsAllIds({ uidMap }: Host): boolean {
  return uidMap.some(({ inside, outside, count }) => inside === 0 && outside === 0 && count === 0xffffffff);
}

/** `user` is who the command is: where one id is all there is, it is that one. */
export function planIds({ namespaces }: ContainerDefinition, user: User, host: Host, first: number): IdPlan {
  if (namespaces.some((entry) => typeof entry !== 'string' && entry.type === 'user')) return { kind: 'joined' };
  if (!namespaces.includes('user')) return { kind: 'host' };
  if (canMapRange(host)) return { kind: 'range', first };
  return { kind: 'one', uid: user.uid, gid: user.gid };
}

/** Host acts that write the maps; the child waits for them. */
export function mapIds(ids: IdPlan, host: Host): readonly HostStep[] {
  const from = 'idmap()';
  if (ids.kind === 'host' || ids.kind === 'joined') return [];
  if (ids.kind === 'range') {
    return [
      { op: 'setUidMap', ranges: [0, ids.first, RANGE_SIZE], from },
      { op: 'setGidMap', ranges: [0, ids.first, RANGE_SIZE], from },
    ];
  }
  return [
    // Else a process could drop a group that forbids it something. user_namespaces(7), CVE-2014-8989
    { op: 'denySetgroups', from },
    { op: 'setUidMap', ranges: [ids.uid, host.uid, 1], from },
    { op: 'setGidMap', ranges: [ids.gid, host.gid, 1], from },
  ];
}

/** A container's user as the host numbers it; `undefined` where that is nobody. */
export function onHost(ids: IdPlan, user: User, host: Host): User | undefined {
  if (ids.kind === 'host') return user;
  // Pipes stay the caller's where nobody can tell whose they should be.
  if (ids.kind === 'one' || ids.kind === 'joined') return { uid: host.uid, gid: host.gid };
  if (user.uid >= RANGE_SIZE || user.gid >= RANGE_SIZE) return undefined;
  return { uid: ids.first + user.uid, gid: ids.first + user.gid };
}

/** Ranges that overlap none of the reserved ones. */
export function isFree(first: number, reserved: readonly IdRange[]): boolean {
  return reserved.every(({ outside, count }) => first + RANGE_SIZE <= outside || first >= outside + count);
}

function covers(map: readonly IdRange[], id: number): boolean {
  return map.some(({ inside, count }) => RANGE_FIRST >= inside && id + RANGE_SIZE <= inside + count);
}
