/** Ids: maps, and owners shown mapped. */

import type { Hint } from './hint.js';

export const ID_HINTS: readonly Hint[] = [
  {
    op: 'setUidMap',
    error: 'EPERM',
    text: 'an outer container or a security module lets this process map no ids: it lacks CAP_SETUID over them',
  },
  {
    op: 'idmap',
    error: 'EINVAL',
    text:
      'this file system cannot show its owners mapped (overlayfs and most network file systems cannot): ' +
      'put the directory on ext4, xfs, btrfs, or on tmpfs with Linux 6.3',
  },
];
