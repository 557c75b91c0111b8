/** The clone: whether this process may make namespaces at all. */

import type { Condition, Hint } from './hint.js';

const ordinaryUser: Condition = { words: 'for an ordinary user', holds: ({ uid }) => uid !== 0 };
const apparmor: Condition = {
  words: 'for an ordinary user, where kernel.apparmor_restrict_unprivileged_userns is 1',
  holds: ({ uid, step, sysctl }) =>
    uid !== 0 &&
    // The command's own rights are another matter.
    step?.op !== 'chdir' &&
    step?.op !== 'exec' &&
    sysctl?.('kernel.apparmor_restrict_unprivileged_userns') === '1',
};
const switchedOff: Condition = {
  words: 'for an ordinary user, where kernel.unprivileged_userns_clone is 0',
  holds: ({ uid, sysctl }) => uid !== 0 && sysctl?.('kernel.unprivileged_userns_clone') === '0',
};
const noUserNamespaces: Condition = {
  words: 'where user.max_user_namespaces is 0',
  holds: ({ sysctl }) => sysctl?.('user.max_user_namespaces') === '0',
};

/**
 * AppArmor lets the clone pass, and takes every right in the new user namespace: the first call that needs one fails.
 */
const RESTRICTED =
  'AppArmor gives an ordinary user no rights in a user namespace here: set ' +
  'kernel.apparmor_restrict_unprivileged_userns to 0; or, as root, carrel install-launcher ' +
  '/usr/local/lib/carrel-launcher, load the profile that it prints, and set CARREL_LAUNCHER to that path';

/** Whichever process of a container is the one too many, and the launcher. */
export const TOO_MANY_PROCESSES =
  'too many processes: raise the limit of the cgroup around this process (pids.max, TasksMax of systemd, ' +
  '--pids-limit of an outer container), RLIMIT_NPROC (ulimit -u), or kernel.pid_max; or start fewer at a time';

/** Of whichever process it is; the launcher's own have the limits of its caller. */
export const TOO_MANY_FILES =
  'too many files are open: raise RLIMIT_NOFILE of this process (ulimit -n), or fs.file-max';

/** Of the kernel, for what a process asks of it. */
export const NO_MEMORY =
  'the kernel has no memory for it: the machine is short of memory, or the cgroup around this process is at its ' +
  'limit (memory.max, MemoryMax of systemd, --memory of an outer container)';

/** What an outer container of carrel's needs to make containers: docs/tooling.md, "carrel in carrel". */
export const OUTER = "capabilities({ add: ['CAP_SYS_ADMIN'] }) and seccomp('unconfined')";

const TOO_MANY_NAMESPACES =
  'the namespaces reach a limit of user.max_*_namespaces, which sysctl shows, or of nesting (32 user ' +
  'namespaces): end containers, or raise it';

export const CLONE_HINTS: readonly Hint[] = [
  { op: 'any', error: 'EPERM', when: apparmor, text: RESTRICTED },
  { op: 'any', error: 'EACCES', when: apparmor, text: RESTRICTED },
  {
    op: 'clone',
    error: 'EPERM',
    when: switchedOff,
    text: 'user namespaces are switched off for ordinary users: set kernel.unprivileged_userns_clone to 1',
  },
  {
    op: 'clone',
    error: 'EPERM',
    syscall: 'clone3',
    when: ordinaryUser,
    text:
      'an outer sandbox, a security module or a chroot forbids user namespaces; or "user" is not among the ' +
      'namespaces',
  },
  {
    op: 'clone',
    error: 'EPERM',
    syscall: 'clone3',
    text:
      'the caller lacks CAP_SYS_ADMIN, an outer sandbox forbids namespaces, or this is a chroot, where the kernel ' +
      'refuses ' +
      'user namespaces',
  },
  {
    op: 'clone',
    error: 'ENOSPC',
    when: noUserNamespaces,
    text:
      'user namespaces are switched off: raise user.max_user_namespaces, which is 0; an outer container of carrel’s ' +
      `allows them by ${OUTER}`,
  },
  {
    op: 'clone',
    error: 'ENOSPC',
    text: TOO_MANY_NAMESPACES,
  },
  ...(['unshare', 'nestNamespaces'] as const).map(
    (op): Hint => ({ op, error: 'ENOSPC', syscall: 'unshare', text: TOO_MANY_NAMESPACES }),
  ),
  {
    op: 'clone',
    error: 'EUSERS',
    text: 'user namespaces nest deeper than 32 levels, or reach user.max_user_namespaces',
  },
  { op: 'clone', error: 'EAGAIN', text: TOO_MANY_PROCESSES },
  {
    op: 'enter',
    error: 'EAGAIN',
    text: `the container may have as many processes as pids of its limits(), or nproc, says; or ${TOO_MANY_PROCESSES}`,
  },
  { op: 'any', error: 'EAGAIN', syscall: 'clone', text: TOO_MANY_PROCESSES },
  ...(['clone', 'unshare'] as const).map(
    (op): Hint => ({ op, error: 'EINVAL', text: 'this kernel was built without one of these namespaces' }),
  ),
  {
    op: 'clone',
    error: 'ENOSYS',
    syscall: 'clone3',
    text:
      'an outer sandbox filters clone3, as Docker and carrel do: give the outer container ' +
      `--security-opt seccomp=unconfined, or one of carrel’s ${OUTER}`,
  },
];
