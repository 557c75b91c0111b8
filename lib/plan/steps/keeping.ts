/** What a server does, beside acting on single files, to keep a copy of a tree, and to let it go. */

import { NODE_TYPES } from '../constants.js';
import { choice, defaulted, innerPath, number, optional, slot, string } from '../fields.js';
import type { StepGroup } from './spec.js';

/**
 * Trees that a server keeps
 *
 * Sent to a server as those above. Bytes and attributes go from one slot to another, and never through Node.
 */
export const KEEPING_STEPS = {
  /**
   * Makes a file of `type` that is neither a regular one nor a directory. A `whiteout` is how overlayfs notes that what
   * is called so in a lower directory was removed: a character device 0:0, which nobody needs a right to make.
   *
   * @errors EEXIST where something is there.
   * @source mknodat(2); overlayfs of the kernel’s documentation, Linux 5.8
   */
  mknodat: {
    column: 'server',
    fields: { at: optional(slot), path: innerPath, type: choice(NODE_TYPES), mode: defaulted(number, 0o600) },
  },
  /**
   * Copies what the file in `slot` holds from `offset` on to the same place of the file in the slot `into`, `length`
   * bytes at most. Holes stay holes. Gives two numbers of 64 bits. The first is where to go on: the next byte that is
   * no hole, or 2^64 − 1 where there is none. The second is how many bytes it has copied.
   *
   * @errors ENOSPC, EDQUOT and EFBIG where there is no room: a part may have been written.
   * @source sendfile(2); SEEK_DATA in lseek(2)
   */
  copyRange: { column: 'server', gives: true, fields: { slot, into: slot, offset: number, length: number } },
  /**
   * Gives the names of the extended attributes of what is in `slot`, each with a NUL behind it; none where the file
   * system has none.
   *
   * @source flistxattr(2)
   */
  listXattr: { column: 'server', gives: true, fields: { slot } },
  /**
   * Gives an extended attribute of what is in `slot`; nothing where it has none of that `name`.
   *
   * @source fgetxattr(2)
   */
  getXattr: { column: 'server', gives: true, fields: { slot, name: string } },
  /**
   * Gives what is in the slot `into` the extended attribute `name` that what is in `slot` has, if it has one.
   *
   * @needs the right to set it: CAP_SETFCAP for `security.capability`
   * @errors ENOTSUP where the file system has no such attributes.
   * @source fsetxattr(2), xattr(7)
   */
  copyXattr: { column: 'server', fields: { slot, into: slot, name: string } },
  /**
   * Takes a write lock on all of the file in `slot`, as long as that is open.
   *
   * @errors EAGAIN where somebody has a lock on it, by {@link lockFile}.
   * @source F_OFD_SETLK in fcntl(2), Linux 3.15
   */
  lock: { column: 'server', fields: { slot } },
} as const satisfies StepGroup;
