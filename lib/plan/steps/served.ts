/** What a server does in a running container, on demand: one act each. */

import { FILE_KINDS, OPEN_FLAGS } from '../constants.js';
import {
  boolean,
  bytes,
  choice,
  defaulted,
  flags,
  innerPath,
  innerText,
  number,
  optional,
  seconds,
  slot,
  slots,
} from '../fields.js';
import type { StepGroup } from './spec.js';

/** Where a path begins that is not absolute: the directory in this slot. */
const at = optional(slot);

/**
 * What a server does
 *
 * Lists of these steps are sent to a server, which {@link serve} begins. It checks a list whole, performs it, and
 * answers. A list that is refused closes what it has opened. Paths are resolved inside, and never through the magic
 * links of /proc. With `at` a path counts from the directory in that slot, leads to nothing above it, and through no
 * link.
 */
export const SERVED_STEPS = {
  /**
   * Opens what is at `path` into `slot`, if it is of that `kind`, and never waits. Nothing is opened before its kind is
   * known, but for what it makes itself, by `mode`.
   *
   * @needs the user’s right to do so
   * @errors EISDIR, ENOTDIR or ENXIO for another kind; ELOOP for a link that is not followed; EAGAIN where somebody has
   *   a lease on it.
   * @source openat2(2), Linux 5.6; fcntl(2), F_SETLEASE
   */
  open: {
    column: 'server',
    fields: {
      slot,
      at,
      path: innerPath,
      kind: defaulted(choice(FILE_KINDS), 'file'),
      flags: defaulted(flags(OPEN_FLAGS), []),
      nofollow: defaulted(boolean, false),
      mode: defaulted(number, 0o666),
    },
  },
  /**
   * Closes what is in `slot`.
   *
   * @errors EBADF where nothing is.
   * @source close(2)
   */
  close: { column: 'server', fields: { slot } },
  /**
   * Gives up to `length` bytes of the file in `slot` from `offset` on, and fewer only at its end.
   *
   * @errors EMSGSIZE where the answer has no room for so many.
   * @source pread(2)
   */
  pread: { column: 'server', gives: true, fields: { slot, offset: number, length: number } },
  /**
   * Writes `content` to the file in `slot`, all of it, from `offset` on. To a file that was opened with `append` it is
   * written at the end.
   *
   * @errors ENOSPC, EDQUOT and EFBIG where there is no room; a part may have been written.
   * @source pwrite(2)
   */
  pwrite: { column: 'server', fields: { slot, offset: defaulted(number, 0), content: bytes } },
  /**
   * Copies up to `length` bytes of the file in `slot` into the file in the slot `to`, both from where they are
   * on; fewer only at the end of the first. Gives how many, as 64 bits. Nothing of it passes through Node.
   *
   * @errors EINVAL where a file system cannot do so; ENOSPC, EDQUOT and EFBIG where there is no room: a part may have
   *   been written.
   * @source sendfile(2)
   */
  sendfile: { column: 'server', gives: true, fields: { slot, to: slot, length: number } },
  /**
   * Sets the size of the file in `slot`.
   *
   * @source ftruncate(2)
   */
  ftruncate: { column: 'server', fields: { slot, length: defaulted(number, 0) } },
  /**
   * Gives what is known of the file in `slot`.
   *
   * @source fstat(2)
   */
  fstat: { column: 'server', gives: true, fields: { slot } },
  /**
   * Gives what is known of what is at `path`, without opening it.
   *
   * @source fstat(2)
   */
  stat: { column: 'server', gives: true, fields: { at, path: innerPath, nofollow: defaulted(boolean, false) } },
  /**
   * Gives the next entries of the directory in `slot`, as the kernel has them, in up to `length` bytes.
   * At its end it gives none.
   *
   * @errors EMSGSIZE where the answer has no room for so many.
   * @source getdents64(2)
   */
  getdents: { column: 'server', gives: true, fields: { slot, length: number } },
  /**
   * Makes a directory.
   *
   * @errors EEXIST where something is there.
   * @source mkdirat(2)
   */
  mkdirat: { column: 'server', fields: { at, path: innerPath, mode: defaulted(number, 0o777) } },
  /**
   * Removes the name of a file, or an empty directory.
   *
   * @errors EISDIR for a directory, without `directory`; ENOTDIR for anything else, with it.
   * @source unlinkat(2)
   */
  unlinkat: { column: 'server', fields: { at, path: innerPath, directory: defaulted(boolean, false) } },
  /**
   * Gives a file another name, in the same mount. What had that name is gone.
   *
   * @source renameat(2)
   */
  renameat: { column: 'server', fields: { path: innerPath, to: innerPath } },
  /**
   * Gives what is at `path` another name, `to`, beside the first. Of a link it is the link itself.
   *
   * @errors EXDEV where `to` is in another mount.
   * @source linkat(2)
   */
  linkat: { column: 'server', fields: { at, path: innerPath, to: innerPath } },
  /**
   * Makes a symbolic link at `path` that says `text`.
   *
   * @source symlinkat(2)
   */
  symlinkat: { column: 'server', fields: { text: innerText, at, path: innerPath } },
  /**
   * Gives what the symbolic link at `path` says.
   *
   * @errors EINVAL for anything else.
   * @source readlinkat(2)
   */
  readlinkat: { column: 'server', gives: true, fields: { at, path: innerPath } },
  /**
   * Sets the mode of what is at `path`. A link is followed.
   *
   * @source chmod(2), proc(5)
   */
  fchmodat: { column: 'server', fields: { at, path: innerPath, mode: number } },
  /**
   * Sets the owner of what is at `path`.
   *
   * @needs CAP_CHOWN
   * @source fchownat(2)
   */
  fchownat: {
    column: 'server',
    fields: { at, path: innerPath, uid: number, gid: number, nofollow: defaulted(boolean, false) },
  },
  /**
   * Sets when what is at `path` was read and changed last: seconds since 1970, and nanoseconds.
   *
   * @source utimensat(2)
   */
  utimensat: {
    column: 'server',
    fields: {
      at,
      path: innerPath,
      atimeS: seconds,
      atimeNs: number,
      mtimeS: seconds,
      mtimeNs: number,
      nofollow: defaulted(boolean, false),
    },
  },
  /**
   * Asks whether the user may do with what is at `path` what the bits of `mode` say: 4 read, 2 write, 1 execute; 0: it
   * is there.
   *
   * @errors EACCES where not.
   * @source access(2)
   */
  faccessat: { column: 'server', fields: { at, path: innerPath, mode: defaulted(number, 0) } },
  /**
   * Sends what is in `slots` to Node, by the socket in the slot `lane`. The slots are empty then.
   *
   * @errors EBADF where nothing is; ETOOMANYREFS where this user has too many descriptors under way.
   * @source unix(7), SCM_RIGHTS
   */
  handOver: { column: 'server', fields: { lane: slot, slots } },
  /**
   * Takes the next descriptor that Node has sent by the socket in the slot `lane` into `slot`.
   *
   * @errors EAGAIN where there is none.
   * @source unix(7), SCM_RIGHTS
   */
  takeOver: { column: 'server', fields: { lane: slot, slot } },
} as const satisfies StepGroup;
