/**
 * Who the command is, in numbers. Names are those of the container's own /etc/passwd and /etc/group. passwd(5),
 * group(5)
 */

import type { NamedUser, User } from '../definition/user.js';
import { unknownUser, usersUnknown } from '../errors/errors.js';

/** What the container's /etc/passwd and /etc/group say. `host/users.ts` reads them; a test writes them by hand. */
export interface Users {
  readonly passwd?: string;
  readonly group?: string;
  /** Why it is unknown what they will be. */
  readonly problem?: string;
}

/** A user with all that follows from who it is. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Whether the groups were asked for, or are those that the image gives the user. */
  readonly asked: boolean;
  readonly home: string;
}

/** Without a root filesystem. `nobody` is what the kernel shows for ids that are not mapped. */
export const OWN_PASSWD: readonly string[] = Object.freeze([
  'root:x:0:0:root:/root:/bin/sh',
  'nobody:x:65534:65534:nobody:/:/bin/false',
]);
/** Wherever there is a group of that name. */
export const TTY_GID = 5;
export const OWN_GROUP: readonly string[] = Object.freeze(['root:x:0:', `tty:x:${TTY_GID}:`, 'nogroup:x:65534:']);

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export function identify(user: User | NamedUser, users: Users): Identity {
  return 'name' in user ? byName(user, users) : byNumber(user, users);
}

/** A number is who it is, in the image's files or not; they only tell where its home is. */
function byNumber({ uid, gid, additionalGids }: User, users: Users): Identity {
  // Root's home is where every program expects it, and no file has to be read for it.
  const home = uid === 0 ? '/root' : passwd(users).find((entry) => entry.uid === uid)?.home;
  return { uid, gid, groups: additionalGids ?? [], asked: true, home: home ?? '/' };
}

/** Like Docker: a group that is asked for is the only one; else those that list the user come along. */
function byName({ name, group, additionalGids }: NamedUser, users: Users): Identity {
  if (users.problem !== undefined) throw usersUnknown(String(name), users.problem);
  const entries = passwd(users);
  const entry = entries.find((candidate) =>
    typeof name === 'number' ? candidate.uid === name : candidate.name === name,
  );
  if (entry === undefined && typeof name === 'string') {
    throw unknownUser('user', name, users.passwd === undefined ? undefined : entries.map((known) => known.name));
  }
  const uid = entry?.uid ?? Number(name);
  const gid = group === undefined ? (entry?.gid ?? uid) : groupId(group, users);
  const listed = groups(users).filter(({ members }) => entry !== undefined && members.includes(entry.name));
  const implied = group === undefined ? [...new Set(listed.map((known) => known.gid))].filter((id) => id !== gid) : [];
  const asked = additionalGids !== undefined;
  return { uid, gid, groups: additionalGids ?? implied, asked, home: entry?.home ?? (uid === 0 ? '/root' : '/') };
}

function groupId(group: string | number, users: Users): number {
  if (typeof group === 'number') return group;
  const known = groups(users);
  const entry = known.find(({ name }) => name === group);
  if (entry !== undefined) return entry.gid;
  throw unknownUser('group', group, users.group === undefined ? undefined : known.map(({ name }) => name));
}

/** Malformed lines are nobody's: none of them may turn out to be root's. CVE-2026-30892 */
function passwd({ passwd: text = '' }: Users): readonly PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid, gid, , home = ''] = line.split(':');
    const [user, group] = [id(uid), id(gid)];
    if (name === '' || user === undefined || group === undefined) return [];
    return [{ name, uid: user, gid: group, home: home.startsWith('/') && !home.includes('\0') ? home : '/' }];
  });
}

function groups({ group: text = '' }: Users): readonly GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gid, members = ''] = line.split(':');
    const group = id(gid);
    return name === '' || group === undefined ? [] : [{ name, gid: group, members: members.split(',') }];
  });
}

function id(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 4294967295 ? Number(text) : undefined;
}
