/** Ids: maps, and owners shown mapped. */

import type { Condition, Hint } from './hint.js';
import { PROC_READONLY } from './namespaces.js';

function said(words: RegExp): Condition['holds'] {
  return ({ message = '' }) => words.test(message);
}

/** What the helpers of shadow-utils say. */
const notAllowed: Condition = { words: 'where it says "not allowed"', holds: said(/not allowed/) };
const unprivileged: Condition = {
  words: 'where it says that a call is not permitted',
  holds: said(/not permitted|set caps|seteuid/),
};
const nameless: Condition = {
  words: 'where it says that it knows no name',
  holds: said(/user ?name|passwd/i),
};

const bound: Condition = { words: 'of a bind', holds: ({ step }) => step?.from === 'mount(bind())' };

export const ID_HINTS: readonly Hint[] = [
  ...(['denySetgroups', 'setUidMap', 'setGidMap'] as const).map(
    (op): Hint => ({ op, error: 'EROFS', syscall: 'openat', text: PROC_READONLY }),
  ),
  {
    op: 'setUser',
    error: 'EINVAL',
    text: 'the container has no such id; only the maker of a joined user namespace knows its ids: see user()',
  },
  {
    op: 'setGroups',
    error: 'EPERM',
    text:
      'the user namespace denies setgroups, as one that unshare --map-root-user makes does, or the caller lacks ' +
      'CAP_SETGID: go without groups, user({ …, additionalGids: [] })',
  },
  {
    op: 'setUidMap',
    error: 'EPERM',
    syscall: 'write',
    text:
      'this process lacks CAP_SETUID over these ids: an outer container or a security module keeps it from mapping ' +
      'them',
  },
  {
    op: 'newuidmap',
    error: 'EPERM',
    when: notAllowed,
    text: 'the range is not among those that /etc/subuid gives this user',
  },
  {
    op: 'newuidmap',
    error: 'EPERM',
    when: unprivileged,
    text:
      '{path} lacks rights: it must be set-user-id root, or have cap_setuid as a file capability. ' +
      'It must not be on a nosuid mount, and this process must not run with no_new_privs',
  },
  {
    op: 'newuidmap',
    error: 'EPERM',
    when: nameless,
    text: 'the helper knows users by their entry in /etc/passwd only: this user has none',
  },
  {
    op: 'newgidmap',
    error: 'EPERM',
    when: notAllowed,
    text: 'the range is not among those that /etc/subgid gives this user',
  },
  {
    op: 'newgidmap',
    error: 'EPERM',
    when: unprivileged,
    text:
      '{path} lacks rights: it must be set-user-id root, or have cap_setgid as a file capability. ' +
      'It must not be on a nosuid mount, and this process must not run with no_new_privs',
  },
  {
    op: 'newgidmap',
    error: 'EPERM',
    when: nameless,
    text: 'the helper knows users by their entry in /etc/passwd only: this user has none',
  },
  {
    op: 'idmap',
    error: 'EINVAL',
    when: bound,
    text:
      'the kernel cannot show the owners mapped of {path}, or of what is mounted below it{unmapped}. ' +
      'bind(…, { idmapped: false }) shows them as nobody’s; { recursive: false } leaves out what is mounted below. ' +
      'idmap({ uid: 0, gid: 0 }) shows all as it is, because root inside is the host’s root for files then. ' +
      'ext4, xfs, btrfs, and tmpfs with Linux 6.3 can be mapped; overlayfs, FUSE and devices cannot',
  },
  {
    op: 'idmap',
    error: 'EINVAL',
    text:
      'the kernel cannot show the owners mapped of {path}, or of what is mounted below it{unmapped}: ' +
      'overlayfs and most network file systems cannot. ' +
      'Put the directory on ext4, xfs, btrfs, or on tmpfs with Linux 6.3, or start as an ordinary user',
  },
];
