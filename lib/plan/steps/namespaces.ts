/** Namespaces made and joined, and what is set in those that are no trees of mounts. */

import { CLOCKS, NAMESPACES, NESTED_NAMESPACES } from '../constants.js';
import {
  choice,
  defaulted,
  filled,
  flags,
  hostPath,
  integer,
  number,
  numbers,
  optional,
  slot,
  string,
} from '../fields.js';
import type { StepGroup } from './spec.js';

/** Namespaces */
export const NAMESPACE_STEPS = {
  /**
   * Moves the child into new namespaces. `pid` and `time` count for its children only.
   *
   * @needs CAP_SYS_ADMIN, but for `user`
   * @source unshare(2)
   */
  unshare: { column: 'container', fields: { namespaces: flags(NAMESPACES) } },
  /**
   * Makes a user namespace inside the child's own, and new `namespaces` that belong to it. The child joins these at
   * once. It joins the user namespace in `slot` later, by {@link setns}, and then makes its mounts anew by
   * {@link unshare}: what was mounted before is locked then. No capability inside can unmount it, or make it writable.
   * `uids` and `gids` are the maps: first id inside, first id in the child's user namespace, count, and so on.
   *
   * @needs CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID in the child's user namespace, and a /proc around that is proc
   * @source mount_namespaces(7), "Restrictions on mount namespaces"; user_namespaces(7)
   */
  nestNamespaces: {
    column: 'container',
    fields: { slot: filled, namespaces: flags(NESTED_NAMESPACES), uids: numbers, gids: numbers },
  },
  /**
   * Opens the namespace at `path` of the host into `slot`. It must be of `type`, and have the inode number `inode`,
   * unless that is 0. With `at`, the path counts from the directory in that slot, by {@link openDirectory}: so the
   * child finds its own namespaces in the host's /proc when its root is another one.
   *
   * @errors EINVAL for another type; ESRCH for another inode number: its process has ended.
   * @source namespaces(7)
   */
  openNamespace: {
    column: 'both',
    fields: { slot: filled, path: hostPath, type: choice(NAMESPACES), inode: defaulted(number, 0), at: optional(slot) },
  },
  /**
   * Joins the namespace in `slot`. A pid namespace counts for children only: {@link enter} makes one.
   *
   * @needs CAP_SYS_ADMIN over it, and over the process's own user namespace
   * @source setns(2)
   */
  setns: { column: 'both', fields: { slot, type: choice(NAMESPACES) } },
  /**
   * Shifts `clock` of the child's new time namespace by `seconds` and `nanoseconds`.
   * The child must have made the namespace by {@link unshare}, and nobody may be in it yet.
   *
   * @needs CAP_SYS_TIME over the time namespace
   * @source time_namespaces(7), Linux 5.6
   */
  setTimeOffset: {
    column: 'host',
    fields: { clock: choice(CLOCKS), seconds: integer, nanoseconds: defaulted(number, 0) },
  },
  /**
   * Sets the host name, of up to 64 bytes.
   *
   * @needs CAP_SYS_ADMIN over the uts namespace
   * @source sethostname(2)
   */
  setHostname: { column: 'container', fields: { hostname: string } },
  /**
   * Sets the NIS domain name, of up to 64 bytes.
   *
   * @needs CAP_SYS_ADMIN over the uts namespace
   * @source setdomainname(2)
   */
  setDomainname: { column: 'container', fields: { domainname: string } },
  /**
   * Writes `value` to /proc/sys/`path`, a key of one of the container's own namespaces: `net/ipv4/ip_forward`.
   *
   * @needs a /proc that is proc, and rights over that namespace
   * @source proc(5), sysctl(8)
   */
  sysctl: { column: 'container', fields: { path: string, value: string } },
} as const satisfies StepGroup;
