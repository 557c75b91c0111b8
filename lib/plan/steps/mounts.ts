/** The trees of a container: what is mounted, bound, covered and made the root. */

import { MOUNT_ATTRIBUTES, PROPAGATIONS } from '../constants.js';
import {
  boolean,
  choice,
  containerPath,
  defaulted,
  filled,
  flags,
  hostPath,
  number,
  optional,
  slot,
  string,
  strings,
} from '../fields.js';
import type { StepGroup } from './spec.js';

const attributes = flags(MOUNT_ATTRIBUTES);

/**
 * Mounts
 *
 * Targets are resolved inside the root that the mounts so far have made, links included. They never lead out of it.
 */
export const MOUNT_STEPS = {
  /**
   * Sets how mount events travel at `target` and below. Every container begins with `private` on `/`.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source mount_namespaces(7)
   */
  propagation: { column: 'container', fields: { target: containerPath, type: choice(PROPAGATIONS) } },
  /**
   * Copies the mount at `source`, a path of the host, into `slot`, attached nowhere. With `recursive` it copies those
   * below it too. What this plan has mounted on `/` by then is never among them.
   * With `within`, `source` counts from that directory and never leads out of it.
   * `nofollow` refuses a `source` behind a symbolic link.
   * With `descriptor` it copies the mount of the directory or file that a slot holds, and the host looks up no path.
   * The kernel gives the child no mount of another namespace. So the child looks the file up, and takes no other one.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @errors EXDEV where `source` leads out of `within`. ELOOP for a link with `nofollow`. ESTALE where another file is
   *   in the place of the descriptor's. EINVAL without exactly one of `source` and `descriptor`.
   * @source open_tree(2), Linux 5.2; openat2(2) RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, Linux 5.6
   */
  openTree: {
    column: 'both',
    fields: {
      slot: filled,
      source: optional(hostPath),
      within: optional(hostPath),
      descriptor: optional(slot),
      recursive: defaulted(boolean, true),
      nofollow: defaulted(boolean, false),
    },
  },
  /**
   * Copies the mount at the directory `target` inside into `slot`, attached nowhere, without those below it: what is
   * covered later, or left behind, can still be reached by it.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source open_tree(2), Linux 5.2
   */
  captureTree: { column: 'container', fields: { slot: filled, target: containerPath } },
  /**
   * Mounts a new file system of `type` on the directory `target`. On `/` it becomes the root for all that follows.
   * `options` are `key` or `key=value`; relative paths in them count from the target.
   * `nofollow` refuses a target behind a symbolic link.
   * What later steps need in it they make in it, or, with `own: false`, in a private layer over it.
   * `slot` then holds the directory `made`, whose path counts from the target as those in options do: what the file
   * system made there. {@link rmdir} removes it.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace, and a type that may be mounted there
   * @source fsopen(2), fsmount(2), Linux 5.2
   */
  mount: {
    column: 'container',
    fields: {
      type: string,
      target: containerPath,
      options: defaulted(strings, []),
      attributes: defaulted(attributes, []),
      nofollow: defaulted(boolean, false),
      own: defaulted(boolean, true),
      made: optional(string),
      slot: optional(filled),
    },
  },
  /**
   * Attaches the tree in `slot`, or a copy of the mount at the host's `source`, at `target`.
   * With `recursive` the copy has the mounts below it too.
   * `create` makes a missing target, of the source's kind, as {@link directory} and {@link file} do.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source move_mount(2), Linux 5.2
   */
  bind: {
    column: 'container',
    fields: {
      slot: optional(slot),
      source: optional(hostPath),
      target: containerPath,
      attributes: defaulted(attributes, []),
      recursive: defaulted(boolean, true),
      create: defaulted(boolean, false),
    },
  },
  /**
   * Binds the host's character device `source` on a new file `target`, read-only: programs write to the device, and
   * cannot change its owner, mode and times, which are the host's.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @errors ENODEV, unless it is `major`:`minor`.
   * @source null(4)
   */
  device: {
    column: 'container',
    fields: { source: hostPath, target: containerPath, major: number, minor: number },
  },
  /**
   * Adds `attributes` to the mount at `target`.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source mount_setattr(2), Linux 5.12
   */
  mountSetattr: { column: 'container', fields: { target: containerPath, attributes } },
  /**
   * Hides `target`, where it exists: a directory below an empty read-only one, a file below /dev/null.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source OCI `linux.maskedPaths`
   */
  mask: { column: 'container', fields: { target: containerPath } },
  /**
   * Makes `target`, where it exists, a read-only mount of itself.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source OCI `linux.readonlyPaths`
   */
  readonlyPath: { column: 'container', fields: { target: containerPath } },
  /**
   * Makes the last mount on `/` the root, and detaches all that was there before.
   * Private layers become read-only, and take no more entries.
   *
   * @needs CAP_SYS_ADMIN over the mount namespace
   * @source pivot_root(2)
   */
  pivotRoot: { column: 'container', fields: {} },
} as const satisfies StepGroup;
