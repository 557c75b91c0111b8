/** Whose the container's processes and files are: on the host, and inside. */

import { defaulted, hostId, hostPath, idRanges, number, numbers, optional, slot } from '../fields.js';
import type { StepGroup } from './spec.js';

/** Ids */
export const ID_STEPS = {
  /**
   * Writes "deny" to /proc/PID/setgroups. The kernel demands it of an ordinary user before {@link setGidMap}.
   *
   * @needs a new user namespace
   * @source user_namespaces(7), Linux 3.19
   */
  denySetgroups: { column: 'host', fields: {} },
  /**
   * Writes /proc/PID/uid_map, once. `ranges` is flat: first id inside, first id outside, count, and so on.
   * It holds 340 ranges at most. A second user namespace, by {@link unshare}, has its own: at a barrier behind that.
   * Outside is then the user namespace above.
   *
   * @needs a new user namespace; for more than the caller's own id, CAP_SETUID in the parent user namespace
   * @source user_namespaces(7)
   */
  setUidMap: { column: 'host', fields: { ranges: idRanges } },
  /**
   * Writes /proc/PID/gid_map, once. `ranges` is as for {@link setUidMap}.
   *
   * @needs a new user namespace; for more than the caller's own group, CAP_SETGID in the parent user namespace
   * @source user_namespaces(7)
   */
  setGidMap: { column: 'host', fields: { ranges: idRanges } },
  /**
   * Runs the host's program at `path`, which writes /proc/PID/uid_map: with ids that /etc/subuid gives the caller.
   * `ranges` is as for {@link setUidMap}.
   *
   * @needs a new user namespace; a program that is set-user-id root or has CAP_SETUID
   * @errors The message has what the program says, and its exit status.
   * @source newuidmap(1), subuid(5)
   */
  newuidmap: { column: 'host', fields: { path: hostPath, ranges: numbers } },
  /**
   * Runs the host's program at `path`, which writes /proc/PID/gid_map: with ids that /etc/subgid gives the caller.
   * `ranges` is as for {@link setUidMap}.
   *
   * @needs a new user namespace; a program that is set-user-id root or has CAP_SETGID
   * @errors The message has what the program says, and its exit status.
   * @source newgidmap(1), subgid(5)
   */
  newgidmap: { column: 'host', fields: { path: hostPath, ranges: numbers } },
  /**
   * Gives the pipe in `slot` an owner, so that the command can open /dev/stdout again.
   * `uid` and `gid` are ids of the host where the supervisor performs it, of the container where the child does.
   *
   * @needs CAP_CHOWN
   * @errors EINVAL for anything but a pipe.
   * @source fchown(2)
   */
  fchown: { column: 'both', fields: { slot, uid: hostId, gid: hostId } },
  /**
   * Shows the tree in `slot` with its owners mapped by a user namespace: the container's, or the one in the slot
   * `namespace`. The tree must be attached nowhere yet.
   *
   * @needs CAP_SYS_ADMIN over the file system, which must be one that can be idmapped
   * @source mount_setattr(2), Linux 5.12
   */
  idmap: { column: 'host', fields: { slot, namespace: optional(slot) } },
  /**
   * Sets the supplementary groups, 256 at most. In `before` they are the supervisor's, with which the child is born:
   * so root drops the host's groups before it joins a user namespace that denies setgroups.
   *
   * @needs CAP_SETGID, and a user namespace that has not denied it
   * @errors EINVAL for more groups.
   * @source setgroups(2)
   */
  setGroups: { column: 'both', fields: { groups: defaulted(numbers, []) } },
  /**
   * Sets the real, effective and saved ids. Capabilities stay permitted until {@link setCapabilities}.
   *
   * @needs CAP_SETUID and CAP_SETGID, and ids that the user namespace maps
   * @source setresgid(2), setresuid(2)
   */
  setUser: { column: 'container', fields: { uid: number, gid: number } },
} as const satisfies StepGroup;
