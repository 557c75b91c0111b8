/** Files, links and directories: what a container has beside its mounts, and what overlayfs leaves behind. */

import { bytes, containerPath, defaulted, number, slot, string } from '../fields.js';
import type { StepGroup } from './spec.js';

/** Files and directories */
export const FILE_STEPS = {
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
   * Makes a symbolic link at `target` that says `text`, where {@link directory} would.
   * It takes the place of an existing file or link.
   *
   * @source symlinkat(2)
   */
  symlink: { column: 'container', fields: { target: containerPath, text: string } },
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
