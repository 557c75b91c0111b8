/** Who the command is, inside. */

import { invalidType, invalidValue, outOfRange } from '../errors/errors.js';
import { array, integer, knownOptions, object } from './checks.js';

/** Numbers of a user and its groups in the container, 0 to 2^32 − 2. OCI `process.user`. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, 256 at most; none if left out. */
  readonly additionalGids?: readonly number[];
}

/** A user or group by its name in the container's own /etc/passwd and /etc/group. */
export interface NamedUser {
  /** A user's name; or a number beside a group's name. */
  readonly name: string | number;
  /** A group's name or number; if left out, the user's own group and those that list the user. */
  readonly group?: string | number;
  /** Supplementary groups, instead of those that list the user. */
  readonly additionalGids?: readonly number[];
}

/** A user from the caller: a number, `'uid:gid'`, `'name'`, `'name:group'`, or an object. */
export type UserInput = number | string | User | NamedUser;

/** The most that the launcher sets; the kernel's own limit is 65,536. setgroups(2) */
export const GROUPS_MOST = 256;
const ID_LAST = 4294967294; // 2^32 − 1 means "leave as it is" to setresuid(2)
/** useradd(8). One that begins with a digit could look like a number. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,254}\$?$/;

/**
 * A text is a number or a name, never something in between. The check refuses all else, so that nothing counts as root
 * by mistake. CVE-2026-30892
 */
export function checkUser(value: unknown): User | NamedUser {
  if (typeof value === 'number') return { uid: checkId('user', value), gid: value };
  if (typeof value === 'string') return checkText(value);
  object('user', value);
  if ('name' in (value as object)) return checkNamed(value as Readonly<Record<string, unknown>>);
  knownOptions('user', value as object, ['uid', 'gid', 'additionalGids', 'name', 'group']);
  const { uid, gid, additionalGids, group } = value as Readonly<Record<string, unknown>>;
  if (group !== undefined)
    throw invalidValue('user.group', 'left out: beside uid stands gid, and beside name, group', group);
  return { uid: checkId('user.uid', uid), gid: checkId('user.gid', gid), ...checkGroups(additionalGids) };
}

export function isNamed(user: User | NamedUser): user is NamedUser {
  return 'name' in user;
}

function checkText(text: string): User | NamedUser {
  const [name = '', group, ...more] = text.split(':');
  if (more.length > 0 || group === '') throw invalidValue('user', 'a user, or a user and a group with one ":"', text);
  const user = checkPart('user', name, text);
  if (group === undefined) return typeof user === 'number' ? { uid: user, gid: user } : { name: user };
  const owner = checkPart('user', group, text);
  return typeof user === 'number' && typeof owner === 'number'
    ? { uid: user, gid: owner }
    : { name: user, group: owner };
}

function checkNamed(value: Readonly<Record<string, unknown>>): NamedUser {
  knownOptions('user', value, ['name', 'group', 'additionalGids']);
  const { name, group, additionalGids } = value;
  if (typeof name === 'number' && typeof group !== 'string')
    throw invalidValue('user.name', 'a name; a number is user.uid', name);
  return {
    name: checkNameOrId('user.name', name),
    ...(group === undefined ? {} : { group: checkNameOrId('user.group', group) }),
    ...checkGroups(additionalGids),
  };
}

function checkNameOrId(name: string, value: unknown): string | number {
  if (typeof value === 'number') return checkId(name, value);
  if (typeof value !== 'string') throw invalidType(name, 'a string or a number', value);
  return checkPart(name, value, value);
}

function checkPart(name: string, part: string, whole: string): string | number {
  if (/^\d+$/.test(part)) {
    if (part.length > 10 || Number(part) > ID_LAST)
      throw outOfRange(name, `a whole number from 0 to ${ID_LAST}`, whole);
    return Number(part);
  }
  if (!NAME.test(part)) {
    throw invalidValue(
      name,
      'a number or a name, or two of them with a ":" between: "1000", "www", "1000:100", "www:adm"',
      whole,
    );
  }
  return part;
}

function checkId(name: string, value: unknown): number {
  return integer(name, value, 0, ID_LAST);
}

function checkGroups(value: unknown): { readonly additionalGids?: readonly number[] } {
  if (value === undefined) return {};
  const groups = array('user.additionalGids', value).map((group, index) =>
    checkId(`user.additionalGids[${index}]`, group),
  );
  if (groups.length > GROUPS_MOST)
    throw outOfRange('user.additionalGids', `a list of ${GROUPS_MOST} at most`, groups.length);
  return { additionalGids: [...new Set(groups)] };
}
