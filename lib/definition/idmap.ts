/** How a container's ids relate to the host's. */

import { contradiction, invalidType, invalidValue } from '../errors/errors.js';
import { array, integer, knownOptions, object, oneOf } from './checks.js';

/** A run of ids. OCI `linux.uidMappings`, user_namespaces(7) */
export interface IdMapping {
  /** The first one inside, from 0 on. */
  readonly containerID: number;
  /** The first one on the host, from 0 on. */
  readonly hostID: number;
  /** How many, from 1 on. */
  readonly size: number;
}

/** Ranges, as OCI has them in `linux.uidMappings` and `linux.gidMappings`. */
export interface IdMappings {
  /** Of users: 1 to 340 that do not overlap, inside nor on the host. */
  readonly uid: readonly IdMapping[];
  /** Of groups, likewise. */
  readonly gid: readonly IdMapping[];
}

/** One user and one group of the host, by numbers from 0 to 2^32 − 2: the command's, and no other id exists inside. */
export interface OneId {
  readonly uid: number;
  readonly gid: number;
}

/** How ids inside relate to the host's: what {@link Container.idmap} takes, and says. */
export type IdMap = 'auto' | 'subuid' | OneId | IdMappings;

/** Lines of a map, since Linux 4.15. user_namespaces(7) */
const LINES_MOST = 340;
/** What the kernel takes in one write: less than a page. */
const TEXT_MOST = 4095;
/** Ids are 0 to 2^32 − 2. */
const ID_COUNT = 4294967295;

export function checkIdmap(value: unknown): IdMap {
  if (typeof value === 'string') return oneOf('idmap', value, ['auto', 'subuid']) as IdMap;
  object('idmap', value);
  knownOptions('idmap', value as object, ['uid', 'gid']);
  const { uid, gid } = value as { uid?: unknown; gid?: unknown };
  if (typeof uid === 'number' || typeof gid === 'number') {
    return { uid: integer('idmap.uid', uid, 0, ID_COUNT - 1), gid: integer('idmap.gid', gid, 0, ID_COUNT - 1) };
  }
  return { uid: checkMappings('idmap.uid', uid), gid: checkMappings('idmap.gid', gid) };
}

function checkMappings(name: string, value: unknown): readonly IdMapping[] {
  if (!Array.isArray(value)) throw invalidType(name, 'a number, or an array of { containerID, hostID, size }', value);
  const mappings = array(name, value).map((mapping, index) => checkMapping(`${name}[${index}]`, mapping));
  if (mappings.length === 0 || mappings.length > LINES_MOST)
    throw invalidValue(name, `a list of 1 to ${LINES_MOST} ranges`, value);
  for (const side of ['containerID', 'hostID'] as const) checkApart(name, mappings, side);
  const text = mappings.reduce(
    (sum, { containerID, hostID, size }) => sum + `${containerID} ${hostID} ${size}\n`.length,
    0,
  );
  if (text > TEXT_MOST)
    throw invalidValue(
      name,
      `at most ${TEXT_MOST} bytes long as a text, which is what the kernel takes`,
      `${text} bytes`,
    );
  if (!mappings.some(({ containerID }) => containerID === 0) && !isSingle(mappings))
    throw invalidValue(name, 'a list that has containerID 0: root inside makes the container’s mounts', value);
  return mappings;
}

function isSingle(mappings: readonly IdMapping[]): boolean {
  return mappings.length === 1 && mappings[0]?.size === 1;
}

function checkMapping(name: string, value: unknown): IdMapping {
  object(name, value);
  knownOptions(name, value as object, ['containerID', 'hostID', 'size']);
  const { containerID, hostID, size } = value as Partial<IdMapping>;
  const mapping = {
    containerID: integer(`${name}.containerID`, containerID, 0, ID_COUNT - 1),
    hostID: integer(`${name}.hostID`, hostID, 0, ID_COUNT - 1),
    size: integer(`${name}.size`, size, 1, ID_COUNT),
  };
  integer(`${name}: containerID + size`, mapping.containerID + mapping.size, 1, ID_COUNT);
  integer(`${name}: hostID + size`, mapping.hostID + mapping.size, 1, ID_COUNT);
  return mapping;
}

function checkApart(name: string, mappings: readonly IdMapping[], side: 'containerID' | 'hostID'): void {
  const order = mappings.map((mapping, index) => ({ first: mapping[side], size: mapping.size, index }));
  order.sort((a, b) => a.first - b.first);
  order.forEach(({ first, index }, at) => {
    const before = order[at - 1];
    if (before !== undefined && first < before.first + before.size)
      throw contradiction(`${name}[${before.index}] and ${name}[${index}] overlap in ${side} ${first}`);
  });
}
