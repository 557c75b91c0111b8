/** Files, links and directories: what a container has beside its mounts, and what overlayfs leaves behind. */

import { TARGET_TYPES } from '../constants.js';
import { bytes, choice, containerPath, defaulted, filled, hostPath, number, slot, string, upTo } from '../fields.js';
import type { StepGroup } from './spec.js';

/** Files and directories */
export const FILE_STEPS = {
  /**
   * Opens the directory `path` into `slot`, to look for something in it later, when that path is another one.
   *
   * @needs to come before the steps that change what the path is: {@link pivotRoot}, {@link setns}
   * @source O_PATH in open(2)
   */
  openDirectory: { column: 'container', fields: { slot: filled, path: hostPath } },
  /**
   * Makes the directory `target`, and its missing parents with mode 0755. An existing directory stays as it is.
   * In a file system that the plan did not mount, it makes nothing: a private layer covers the nearest directory.
   * That is a tmpfs into which the directory's entries are bound one by one; it takes none after {@link pivotRoot}.
   *
   * @source mkdirat(2)
   */
  directory: { column: 'container', fields: { target: containerPath, mode: defaulted(number, 0o755) } },
  /**
   * Makes the file `target` with `content`, where {@link directory} would. Over an existing file it binds one that is
   * in memory and read-only.
   *
   * @source openat(2)
   */
  file: { column: 'container', fields: { target: containerPath, mode: defaulted(number, 0o644), content: bytes } },
  /**
   * Puts a new file with `content` in the place of what is at `target`, and makes missing directories above it, with
   * mode 0755. It does so in the very tree that is there, as the user that the child is: all belongs to that one.
   * Links on the way are followed, inside. One at `target` is replaced, as is a file that is open or linked elsewhere:
   * nothing that is there is opened. Who looks meanwhile finds what was there before, or the whole file.
   *
   * @needs to come behind {@link pivotRoot}, and the right to write in the directory
   * @errors EACCES, EPERM, EROFS and ENOSPC as for every program of that user; EISDIR for a directory; EBUSY where
   *   something is mounted on it.
   * @source openat(2), renameat(2), getrandom(2)
   */
  replaceFile: {
    column: 'container',
    fields: { target: containerPath, mode: defaulted(upTo(0o7777), 0o644), content: bytes },
  },
  /**
   * Makes a symbolic link at `target` that says `text`, where {@link directory} would.
   * It takes the place of an existing file or link.
   *
   * @source symlinkat(2)
   */
  symlink: { column: 'container', fields: { target: containerPath, text: string } },
  /**
   * Makes `target` where it is missing: an empty directory or file of `type`, in the very tree that is there.
   * That may be one that the plan did not mount. `slot` then holds what is there.
   * If it was made, `parent` holds the directory above it, and {@link removeTarget} takes it away. What was made in a
   * layer goes with that.
   * As long as `slot` is held, no other container's plan does.
   *
   * @needs to be able to write there
   * @source mkdirat(2), openat(2), flock(2)
   */
  makeTarget: {
    column: 'container',
    fields: { target: containerPath, type: choice(TARGET_TYPES), slot: filled, parent: filled },
  },
  /**
   * Removes what {@link makeTarget} made from `parent`, where it is called `name`. It stays if it is not empty, if
   * another thing has taken its name, or if another plan holds it.
   * It belongs in `after`.
   *
   * @needs to be able to write there
   * @source unlinkat(2), flock(2)
   */
  removeTarget: { column: 'host', fields: { slot, parent: slot, name: string } },
  /**
   * Sets the permissions of the file or directory `target`, which exists, to `mode`, 0 to 0o7777. Links are followed,
   * inside. In a tree of the host's it changes what the host has.
   *
   * @needs to own it, and to be able to open it; root of the container is so for what its ids own
   * @errors ENXIO for a socket: what cannot be opened keeps its permissions.
   * @source fchmod(2)
   */
  chmod: { column: 'container', fields: { target: containerPath, mode: upTo(0o7777) } },
  /**
   * Gives the directory `target` the owner and the permissions of the directory `model`. Both exist; links are
   * followed, inside.
   *
   * @needs to own `target`, and CAP_CHOWN where the owners differ
   * @source fchown(2), fchmod(2)
   */
  copyPermissions: { column: 'container', fields: { model: containerPath, target: containerPath } },
  /**
   * Sets the extended attribute `name` of the file or directory `target`, which exists, to `value`. Links are followed,
   * inside. In a tree of the host's it changes what the host has.
   *
   * @needs to be able to open and to write it
   * @errors ENOTSUP where the file system has no such attributes: memory has none of `user` before Linux 6.6.
   * @source fsetxattr(2), xattr(7)
   */
  setXattr: { column: 'container', fields: { target: containerPath, name: string, value: string } },
  /**
   * Takes a read lock on all of the file `target`, which exists, and keeps it in `slot` until all of the container has
   * ended. Then it is gone, before anybody is told. Who wants a write lock finds out that the file is in use.
   * The supervisor holds it: no program inside can let it go.
   *
   * @needs to come before {@link init}, and the right to read the file
   * @errors EAGAIN or EACCES where somebody has a write lock; EINVAL behind {@link init}.
   * @source F_OFD_SETLK in fcntl(2), Linux 3.15
   */
  lockFile: { column: 'container', fields: { slot: filled, target: containerPath } },
  /**
   * Removes the directory in `slot` from the one above it, where it is called `name`, whatever its permissions.
   * Files that overlayfs numbers, such as `#1f`, go with it. With anything else in it, it stays, and so does what has
   * taken its name. With an empty slot it does nothing.
   * It belongs in `after`: overlayfs leaves such a directory in its work directory.
   *
   * @needs to own the directory
   * @source rmdir(2)
   */
  rmdir: { column: 'host', fields: { slot, name: string } },
} as const satisfies StepGroup;
