/** Who the command is, inside. */

import { invalidValue } from '../errors.js';
import { integer, knownOptions, object } from './checks.js';

/** Numbers of a user and a group in the container. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Numbers only, so that no text can be taken for root by mistake (CVE-2026-30892). */
export function checkUser(value: unknown): User {
  const most = 4294967294; // 2^32 − 1 means "leave as it is" to setresuid(2)
  if (typeof value === 'number') return { uid: integer('user', value, 0, most), gid: value };
  if (typeof value === 'string') {
    const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value);
    if (match === null) throw invalidValue('user', 'a number or "uid:gid" in digits', value);
    const uid = integer('user', Number(match[1]), 0, most);
    return { uid, gid: match[2] === undefined ? uid : integer('user', Number(match[2]), 0, most) };
  }
  object('user', value);
  knownOptions('user', value as object, ['uid', 'gid']);
  const { uid, gid } = value as User;
  return { uid: integer('user.uid', uid, 0, most), gid: integer('user.gid', gid, 0, most) };
}
