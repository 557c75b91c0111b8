/** Who the container's users are on the host. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { IdMapping, IdMappings, OneId } from '../definition/idmap.js';
import type { User } from '../definition/user.js';
import { contradiction, subordinateIds } from '../errors/errors.js';
import { type Host, hasCapability, type IdRange } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { HostStep } from '../plan/steps.js';

/** Ids of one container. */
export const RANGE_SIZE = 65_536;
/** Where ranges for containers begin and end: above what distributions give to people and services, below 2^31. */
export const RANGE_FIRST = 0x60000000;
export const RANGE_LAST = 0x7fff0000;
/**
 * From one range to the next. The kernel looks for a user in one of 128 lists, by `uid + uid / 128`: multiples of
 * 65,536 would all be in the same one, which each change of the user walks. uidhashfn() in kernel/user.c
 */
export const RANGE_STRIDE = RANGE_SIZE + 128;

/** How ids inside are mapped to ids of the host. */
export type IdPlan =
  /** No user namespace: ids are the host's, as far as this process has them, which may be in one itself. */
  | { readonly kind: 'host'; readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] }
  /** A whole range, root included; trees are shown with their owners mapped. */
  | { readonly kind: 'range'; readonly first: number }
  /** One id inside is one of the host, and no other exists. `own`: the caller's, who may map no other. */
  | { readonly kind: 'one'; readonly uid: number; readonly gid: number; readonly outside: User; readonly own: boolean }
  /**
   * Ranges of the caller's choice. `helped`: newuidmap and newgidmap write them, and all that is the caller's is root's
   * inside.
   */
  | {
      readonly kind: 'ranges';
      readonly uid: readonly IdRange[];
      readonly gid: readonly IdRange[];
      readonly helped: boolean;
    }
  /**
   * Those of the user namespace that is joined, in `slot`: only it knows them, unless it is the one of a container of
   * carrel's, whose ids are `known`.
   */
  | { readonly kind: 'joined'; readonly slot?: number; readonly known?: IdPlan };

/** Whether this caller can give every container a range of its own: root with the ids at hand. */
export function canMapRange(host: Host): boolean {
  return (
    hasCapability(host, 'CAP_SYS_ADMIN') &&
    hasCapability(host, 'CAP_SETUID') &&
    hasCapability(host, 'CAP_SETGID') &&
    covers(host.uidMap, RANGE_FIRST, RANGE_LAST + RANGE_SIZE) &&
    covers(host.gidMap, RANGE_FIRST, RANGE_LAST + RANGE_SIZE)
  );
}

/** Whether this process is in the machine's first user namespace, in which every id exists. user_namespaces(7) */
export function ownsAllIds({ uidMap }: Host): boolean {
  return uidMap.some(({ inside, outside, count }) => inside === 0 && outside === 0 && count === 0xffffffff);
}

/** Whether a container has a namespace of this type that is not the caller's: a new one, or one that it joins. */
export function hasNamespace({ namespaces }: ContainerDefinition, type: Namespace): boolean {
  return namespaces.some((entry) => (typeof entry === 'string' ? entry : entry.type) === type);
}

/** Whether the kernel sees the container in a user namespace: its own, one that it joins, or this process's. */
export function inUserNamespace(definition: ContainerDefinition, host: Host): boolean {
  return hasNamespace(definition, 'user') || !ownsAllIds(host);
}

/** Which ids a container can have. */
export interface IdChoice {
  /** The first of the range that it has. */
  readonly first: number;
  /** Those of the container that it enters. */
  readonly entered?: IdPlan | undefined;
}

/** `user` is who the command is: where one id is all there is, it is that one. */
export function planIds(
  { namespaces, idmap }: ContainerDefinition,
  user: User,
  host: Host,
  { first, entered }: IdChoice,
): IdPlan {
  if (namespaces.some((entry) => typeof entry !== 'string' && entry.type === 'user'))
    return { kind: 'joined', ...(entered === undefined ? {} : { known: entered }) };
  if (!namespaces.includes('user')) return { kind: 'host', uid: host.uidMap, gid: host.gidMap };
  const { uid, gid } = user;
  if (idmap === 'subuid') return subordinate(host);
  if (idmap !== 'auto') return isOne(idmap) ? planOne(idmap, user, host) : planRanges(idmap, host);
  if (canMapRange(host)) return { kind: 'range', first };
  return { kind: 'one', uid, gid, outside: { uid: host.uid, gid: host.gid }, own: true };
}

function isOne(idmap: OneId | IdMappings): idmap is OneId {
  return typeof idmap.uid === 'number';
}

function planOne(outside: OneId, { uid, gid }: User, host: Host): IdPlan {
  const own = !canMapRange(host);
  if (own && (outside.uid !== host.uid || outside.gid !== host.gid)) {
    throw contradiction(
      `idmap names ${outside.uid}:${outside.gid}, and an ordinary user can map no other id than the own one, ` +
        `${host.uid}:${host.gid}: use idmap("subuid"), or ranges of /etc/subuid and /etc/subgid`,
    );
  }
  return { kind: 'one', uid, gid, outside, own };
}

/**
 * A caller who may not write a map leaves it to the helpers, which know what /etc/subuid and /etc/subgid allow.
 * newuidmap(1)
 */
function planRanges(idmap: IdMappings, host: Host): IdPlan {
  const [uid, gid] = [idmap.uid.map(rangeOf), idmap.gid.map(rangeOf)];
  const rights = (['CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID'] as const).every((name) => hasCapability(host, name));
  const all = (map: readonly IdRange[], ranges: readonly IdRange[]): boolean =>
    ranges.every(({ outside, count }) => covers(map, outside, outside + count));
  if (rights && canMapRange(host) && all(host.uidMap, uid) && all(host.gidMap, gid)) {
    for (const name of ['uid', 'gid'] as const) checkRoot(name, idmap[name]);
    return { kind: 'ranges', uid, gid, helped: false };
  }
  if (isOwn(uid, host.uid) && isOwn(gid, host.gid)) {
    const [user, group] = [uid[0]?.inside ?? 0, gid[0]?.inside ?? 0];
    return { kind: 'one', uid: user, gid: group, outside: { uid: host.uid, gid: host.gid }, own: true };
  }
  for (const name of ['uid', 'gid'] as const) checkRoot(name, idmap[name]);
  return { kind: 'ranges', uid, gid, helped: true };
}

function checkRoot(name: 'uid' | 'gid', mappings: readonly IdMapping[]): void {
  if (mappings.some(({ containerID }) => containerID === 0)) return;
  throw contradiction(`idmap.${name} has no containerID 0: root inside makes the container’s mounts`);
}

function rangeOf({ containerID, hostID, size }: IdMapping): IdRange {
  return { inside: containerID, outside: hostID, count: size };
}

function isOwn(ranges: readonly IdRange[], id: number): boolean {
  return ranges.length === 1 && ranges[0]?.count === 1 && ranges[0].outside === id;
}

/** Root inside is the caller; behind it come the caller's subordinate ids, without gaps. subuid(5) */
function subordinate(host: Host): IdPlan {
  if (canMapRange(host))
    throw contradiction('idmap("subuid") is for ordinary users: root has idmap("auto"), or gives ranges');
  const { uid, gid } = host.subordinate;
  if (uid.length === 0) throw subordinateIds('subuid', host.uid);
  if (gid.length === 0) throw subordinateIds('subgid', host.uid);
  return { kind: 'ranges', uid: behind(host.uid, uid), gid: behind(host.gid, gid), helped: true };
}

function behind(id: number, ranges: readonly IdRange[]): readonly IdRange[] {
  let inside = 1;
  const placed = ranges.map(({ outside, count }) => {
    const range = { inside, outside, count };
    inside += count;
    return range;
  });
  return [{ inside: 0, outside: id, count: 1 }, ...placed];
}

const flat = (ranges: readonly IdRange[]): readonly number[] =>
  ranges.flatMap(({ inside, outside, count }) => [inside, outside, count]);

/** Host acts that write the maps; the child waits for them. */
export function mapIds(ids: IdPlan, host: Host): readonly HostStep[] {
  const from = 'idmap()';
  switch (ids.kind) {
    case 'host':
    case 'joined':
      return [];
    case 'range':
      return [
        { op: 'setUidMap', ranges: [0, ids.first, RANGE_SIZE], from },
        { op: 'setGidMap', ranges: [0, ids.first, RANGE_SIZE], from },
      ];
    case 'one':
      return [
        // Else a process could drop a group that forbids it something. user_namespaces(7), CVE-2014-8989
        ...(ids.own ? ([{ op: 'denySetgroups', from }] as const) : []),
        { op: 'setUidMap', ranges: [ids.uid, ids.outside.uid, 1], from },
        { op: 'setGidMap', ranges: [ids.gid, ids.outside.gid, 1], from },
      ];
    case 'ranges': {
      const ranges = { uid: flat(ids.uid), gid: flat(ids.gid) };
      if (ids.helped) {
        const { newuidmap, newgidmap } = host.helpers;
        if (newuidmap === undefined) throw subordinateIds('newuidmap', host.uid);
        if (newgidmap === undefined) throw subordinateIds('newgidmap', host.uid);
        return [
          { op: 'newuidmap', path: newuidmap, ranges: ranges.uid, from },
          { op: 'newgidmap', path: newgidmap, ranges: ranges.gid, from },
        ];
      }
      return [
        { op: 'setUidMap', ranges: ranges.uid, from },
        { op: 'setGidMap', ranges: ranges.gid, from },
      ];
    }
  }
}

/** A container's user as the host numbers it; `undefined` where that is nobody. */
export function onHost(ids: IdPlan, user: User, host: Host): User | undefined {
  switch (ids.kind) {
    case 'host':
      return user;
    case 'joined':
      // Pipes stay the caller's where it is unknown whose they should be.
      return ids.known === undefined ? { uid: host.uid, gid: host.gid } : onHost(ids.known, user, host);
    case 'one':
      return user.uid === ids.uid && user.gid === ids.gid ? ids.outside : undefined;
    default: {
      const uid = outside(ids, 'uid', user.uid);
      const gid = outside(ids, 'gid', user.gid);
      return uid === undefined || gid === undefined ? undefined : { uid, gid };
    }
  }
}

/** The id of the host that an id inside is; `undefined` where it is none, or it is unknown which. */
function outside(ids: IdPlan, name: 'uid' | 'gid', id: number): number | undefined {
  if (ids.kind === 'one') return ids[name] === id ? ids.outside[name] : undefined;
  if (ids.kind === 'range') return id < RANGE_SIZE ? ids.first + id : undefined;
  if (ids.kind === 'joined') return ids.known === undefined ? undefined : outside(ids.known, name, id);
  const range = rangeWith(ids[name], id);
  if (range === undefined) return undefined;
  return ids.kind === 'host' ? id : range.outside + id - range.inside;
}

/** The one of the ranges that the id inside is in. */
export function rangeWith(ranges: readonly IdRange[], id: number): IdRange | undefined {
  return ranges.find(({ inside, count }) => id >= inside && id < inside + count);
}

/** A map, flat, by which every id of the container is itself in a user namespace inside. */
export function idsInside(ids: IdPlan, name: 'uid' | 'gid'): readonly number[] {
  switch (ids.kind) {
    case 'range':
      return [0, 0, RANGE_SIZE];
    case 'one':
      return [ids[name], ids[name], 1];
    case 'ranges':
      return ids[name].flatMap(({ inside, count }) => [inside, inside, count]);
    case 'host':
    case 'joined':
      return [];
  }
}

export function hasGroup(ids: IdPlan, gid: number): boolean {
  return outside(ids, 'gid', gid) !== undefined;
}

/** Which ids there are, for a sentence. */
export function idsInWords(ids: IdPlan, name: 'uid' | 'gid'): string {
  if (ids.kind === 'one') return String(ids[name]);
  if (ids.kind === 'joined' && ids.known !== undefined) return idsInWords(ids.known, name);
  const ranges = ids.kind === 'ranges' || ids.kind === 'host' ? ids[name] : [{ inside: 0, count: RANGE_SIZE }];
  return ranges
    .map(({ inside, count }) => (count === 1 ? String(inside) : `${inside} to ${inside + count - 1}`))
    .join(', ');
}

/**
 * Whether the supervisor opens trees of the host: once its ids are mapped, the child is another user and may not reach
 * them.
 */
export function opensTrees(ids: IdPlan, host: Host): boolean {
  switch (ids.kind) {
    case 'host':
      return false;
    case 'range':
      return true;
    case 'joined':
      return canMapRange(host);
    case 'one':
      return !ids.own;
    case 'ranges':
      return !ids.helped;
  }
}

/** Whether owners of such trees are mapped: with one id of the host, the container sees files as that user does. */
export function mapsOwners(ids: IdPlan): boolean {
  return ids.kind !== 'one';
}

/** Who makes the container: root inside, or the only user that there is. `undefined`: the caller already is. */
export function setupUser(ids: IdPlan, host: Host): User | undefined {
  if (ids.kind === 'host') return undefined;
  // A caller who joins without rights of the host's already is a user there: its maker, by the id that it was given.
  // setns(2)
  if (ids.kind === 'joined' && !canMapRange(host)) return undefined;
  if (ids.kind !== 'one') return { uid: 0, gid: 0 };
  return ids.own ? undefined : { uid: ids.uid, gid: ids.gid };
}

/** Whether supplementary groups can be dropped, or set. user_namespaces(7), "setgroups" */
export function canSetGroups(ids: IdPlan, host: Host): boolean {
  if (ids.kind === 'one') return !ids.own;
  if (ids.kind === 'host') return hasCapability(host, 'CAP_SETGID') && !host.keepsGroups;
  return ids.kind !== 'joined' || canMapRange(host);
}

/** Ranges that overlap none of the reserved ones. */
export function isFree(first: number, reserved: readonly IdRange[]): boolean {
  return reserved.every(({ outside, count }) => first + RANGE_SIZE <= outside || first >= outside + count);
}

function covers(map: readonly IdRange[], first: number, end: number): boolean {
  return map.some(({ inside, count }) => first >= inside && end <= inside + count);
}
