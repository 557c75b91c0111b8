/** The hint table: (step, error) → what most likely helps. */

import type { Step } from '../plan/steps.js';
import { errorName } from './numbers.js';
import type { Refusal } from './step.js';

/** What else must be so for a hint to fit: in words, for the documentation, and as a test. */
interface Condition {
  readonly words: string;
  readonly holds: (refusal: Refusal) => boolean;
}

/** One row. All of it but `holds` is plain data: documentation is made from it. */
export interface Hint {
  /** The step that was refused; `clone` is the clone itself, `any` is any step and the clone. */
  readonly op: Step['op'] | 'clone' | 'any';
  readonly error: string;
  /** Only where this system call was refused. Default: any. */
  readonly syscall?: string;
  readonly when?: Condition;
  /** `{path}` stands for the path of the refused step, `{syscall}` for the call, any other name in braces for the step's field of that name. */
  readonly text: string;
}

const ordinaryUser: Condition = { words: 'for an ordinary user', holds: ({ uid }) => uid !== 0 };
const proc: Condition = { words: 'for proc', holds: ({ step }) => step?.op === 'mount' && step.type === 'proc' };
const written: Condition = { words: 'at the write', holds: ({ syscall }) => syscall === 'write' };
const root: Condition = { words: 'on /', holds: ({ step }) => step?.op === 'bind' && step.target === '/' };
const isThere: Condition = { words: 'of a file that is there', holds: ({ found }) => found === true };
const byName: Condition = {
  words: 'by its name',
  holds: ({ step }) => step?.op === 'exec' && step.args[0]?.includes('/') === false,
};
const tooLong: Condition = {
  words: 'with one that is too long',
  // MAX_ARG_STRLEN, 32 pages with the NUL at the end. execve(2)
  holds: ({ step }) => step?.op === 'exec' && [...step.args, ...step.env].some((word) => word.length >= 131_072),
};
const apparmor: Condition = {
  words: 'for an ordinary user, where kernel.apparmor_restrict_unprivileged_userns is 1',
  holds: ({ uid, sysctl }) => uid !== 0 && sysctl?.('kernel.apparmor_restrict_unprivileged_userns') === '1',
};
const switchedOff: Condition = {
  words: 'for an ordinary user, where kernel.unprivileged_userns_clone is 0',
  holds: ({ uid, sysctl }) => uid !== 0 && sysctl?.('kernel.unprivileged_userns_clone') === '0',
};
const noUserNamespaces: Condition = {
  words: 'where user.max_user_namespaces is 0',
  holds: ({ sysctl }) => sysctl?.('user.max_user_namespaces') === '0',
};

/** AppArmor lets the clone pass, and takes every right in the new user namespace: whatever needs the first one is refused. */
const RESTRICTED =
  'AppArmor gives an ordinary user no rights in a user namespace here: set kernel.apparmor_restrict_unprivileged_userns ' +
  'to 0, or load a profile with the rule "userns," for this program';

/** The first that fits is given: the particular goes before the general. */
export const HINTS: readonly Hint[] = [
  ...(['clone', 'unshare', 'setUidMap', 'propagation', 'mount', 'bind', 'setUser', 'setGroups'] as const).flatMap(
    (op) => ['EPERM', 'EACCES'].map((error) => ({ op, error, when: apparmor, text: RESTRICTED })),
  ),
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
    text: 'an outer sandbox, a security module or a chroot forbids user namespaces; or "user" is not among the namespaces',
  },
  {
    op: 'clone',
    error: 'EPERM',
    syscall: 'clone3',
    text: 'the caller lacks CAP_SYS_ADMIN, an outer sandbox forbids namespaces, or this is a chroot, where user namespaces are refused',
  },
  {
    op: 'clone',
    error: 'ENOSPC',
    when: noUserNamespaces,
    text: 'user namespaces are switched off: raise user.max_user_namespaces, which is 0',
  },
  {
    op: 'clone',
    error: 'ENOSPC',
    text:
      'a limit of user.max_*_namespaces, which sysctl shows, or of nesting (32 user namespaces) is reached: end containers, or ' +
      'raise it',
  },
  {
    op: 'clone',
    error: 'EUSERS',
    text: 'user namespaces are nested too deep, 32 is the most; or user.max_user_namespaces is reached',
  },
  {
    op: 'clone',
    error: 'EAGAIN',
    text: 'too many processes: raise the pids limit of the cgroup, RLIMIT_NPROC (ulimit -u), or kernel.pid_max',
  },
  {
    op: 'clone',
    error: 'EINVAL',
    text: 'this kernel was built without one of these namespaces',
  },
  {
    op: 'clone',
    error: 'ENOSYS',
    syscall: 'clone3',
    text:
      'an outer sandbox filters clone3, as Docker does: give the outer container --security-opt seccomp=unconfined, ' +
      'or CAP_SYS_ADMIN',
  },
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
  {
    op: 'propagation',
    error: 'EACCES',
    text:
      'a security module forbids mounts, as Docker’s AppArmor profile does: give the outer container ' +
      '--security-opt apparmor=unconfined',
  },
  {
    op: 'mount',
    error: 'EPERM',
    when: proc,
    text:
      'the /proc around this process is partly hidden, as in Docker and Kubernetes, and the kernel then refuses a new one: give the ' +
      'outer container --security-opt systempaths=unconfined (Podman: unmask=ALL)',
  },
  {
    op: 'mount',
    error: 'ELOOP',
    text: 'the root filesystem has a symbolic link there; carrel mounts only on a real directory',
  },
  {
    op: 'mount',
    error: 'ENOENT',
    syscall: 'openat2',
    text: 'make the directory {path} in the root filesystem; carrel does not write into it',
  },
  {
    op: 'mount',
    error: 'ENOTDIR',
    text: '{path}, or what is above it, is a file; a file system is mounted on a directory',
  },
  {
    op: 'mount',
    error: 'EACCES',
    syscall: 'openat2',
    text: 'the caller may not enter a directory on the way to {path}',
  },
  { op: 'mount', error: 'ENODEV', text: 'this kernel has no file system {type}, or its module is not loaded' },
  { op: 'bind', error: 'ENOENT', syscall: 'open_tree', text: '{source} does not exist on the host' },
  { op: 'bind', error: 'ENOTDIR', syscall: 'open_tree', text: '{source} leads through a file of the host' },
  { op: 'bind', error: 'EACCES', syscall: 'open_tree', text: 'the caller may not enter a directory above {source}' },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'open_tree',
    text: 'mounts below {source} are hidden from a user namespace: bind it with recursive: true',
  },
  {
    op: 'bind',
    error: 'ENOENT',
    text: 'make {target} in the root filesystem; carrel does not write into it',
  },
  { op: 'bind', error: 'ENOTDIR', text: '{target} leads through a file of the root filesystem' },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'move_mount',
    when: root,
    text: 'a root filesystem is a directory, and this is none',
  },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'move_mount',
    text: 'a directory can be bound on a directory only, a file on a file only',
  },
  {
    op: 'openNamespace',
    error: 'ESRCH',
    text: 'the process whose namespace it was has ended; its pid is another process’s now',
  },
  { op: 'openNamespace', error: 'ENOENT', text: 'no process has {path}: it has ended, or never was' },
  {
    op: 'openNamespace',
    error: 'EACCES',
    text: 'only who may trace a process sees its namespaces: it is another user’s, or has more rights. ptrace(2)',
  },
  { op: 'openNamespace', error: 'EINVAL', text: '{path} is no namespace of the type {type}' },
  {
    op: 'setns',
    error: 'EPERM',
    text: 'to join a namespace takes CAP_SYS_ADMIN over it: join the user namespace that it belongs to as well',
  },
  {
    op: 'setTimeOffset',
    error: 'ERANGE',
    text: 'a clock cannot go back beyond 0, which is when the machine was started, nor on for more than about 146 years',
  },
  { op: 'openTree', error: 'ENOENT', text: '{path} does not exist on the host' },
  { op: 'openTree', error: 'ENOTDIR', text: '{path} leads through a file of the host' },
  { op: 'openTree', error: 'EACCES', text: 'the caller may not enter a directory above {path}' },
  { op: 'chdir', error: 'ENOENT', text: '{path} does not exist in the container' },
  { op: 'chdir', error: 'ENOTDIR', text: '{path}, or what is above it, is a file in the container' },
  {
    op: 'chdir',
    error: 'ELOOP',
    text: 'the path leads through one of /proc’s links, which could lead out of the container',
  },
  { op: 'chdir', error: 'EACCES', text: 'the user of the command may not enter that directory' },
  {
    op: 'joinSessionKeyring',
    error: 'EDQUOT',
    text: 'this user’s keys are used up: raise kernel.keys.maxkeys and kernel.keys.maxbytes',
  },
  {
    op: 'setRlimit',
    error: 'EPERM',
    text:
      'a hard limit can be raised only with CAP_SYS_RESOURCE on the host, and nofile never beyond fs.nr_open: ' +
      'ulimit -H -a shows what the caller has',
  },
  {
    op: 'setPriority',
    error: 'EACCES',
    text: 'to be favoured over what the caller is takes CAP_SYS_NICE on the host, or RLIMIT_NICE',
  },
  {
    op: 'setOomScoreAdj',
    error: 'EACCES',
    text: 'to go below the caller’s own oom_score_adj takes CAP_SYS_RESOURCE on the host',
  },
  {
    op: 'setAffinity',
    error: 'EINVAL',
    text: 'one of these CPUs is not there, or not this process’s to use: see taskset -p and cpuset(7)',
  },
  {
    op: 'sysctl',
    error: 'ENOENT',
    text: 'this kernel has no such key, or has it for the whole machine and not for each namespace',
  },
  {
    op: 'sysctl',
    error: 'EACCES',
    text: 'this kernel lets only the host’s root change that; keys of ipc are the container’s own since Linux 6.9',
  },
  { op: 'sysctl', error: 'EINVAL', when: written, text: 'the kernel does not take {value} for this key' },
  {
    op: 'exec',
    error: 'ENOENT',
    when: isThere,
    text: '{path} is there, but the interpreter of its #! line, or the loader that it is linked for, is not',
  },
  { op: 'exec', error: 'ENOENT', when: byName, text: 'no such program in {searched}' },
  { op: 'exec', error: 'ENOENT', text: 'no such file in the container' },
  { op: 'exec', error: 'ENOTDIR', text: '{path} leads through a file in the container' },
  { op: 'exec', error: 'ENOEXEC', text: 'it is no program for this architecture, or a script without a #! line' },
  {
    op: 'exec',
    error: 'EACCES',
    text: 'it is no file that this user may execute: see chmod +x, and that its file system is not mounted noexec',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    when: tooLong,
    text: 'one argument or variable holds 128 KiB at the most: pass it on standard input, or in a file',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    text: 'arguments and environment together may be a quarter of the stack’s limit (getconf ARG_MAX): pass them on standard input',
  },
  { op: 'exec', error: 'ETXTBSY', text: 'somebody has the program open for writing' },
  {
    op: 'any',
    error: 'ENOSYS',
    text: 'carrel needs Linux 5.15: this kernel is older and lacks {syscall}, or an outer sandbox filters it',
  },
];

/** The hint for a refused step, if the table has one. */
export function hintFor(refusal: Refusal): string | undefined {
  const found = HINTS.find((hint) => fits(hint, refusal));
  return found?.text.replace(/\{(\w+)\}/g, (whole, name: string) => fieldOf(refusal, name) ?? whole);
}

function fits({ op, error, syscall, when }: Hint, refusal: Refusal): boolean {
  const refused = refusal.place.list === 'clone' ? 'clone' : refusal.step?.op;
  return (
    (op === 'any' || op === refused) &&
    error === errorName(refusal.errno) &&
    (syscall === undefined || syscall === refusal.syscall) &&
    (when?.holds(refusal) ?? true)
  );
}

function fieldOf({ path, step, syscall }: Refusal, name: string): string | undefined {
  if (name === 'path') return path;
  if (name === 'syscall') return syscall;
  // Where a program was looked for: the directories of PATH.
  if (name === 'searched' && step?.op === 'exec')
    return step.paths.map((file) => file.slice(0, file.lastIndexOf('/'))).join(':');
  const value = (step as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined ? undefined : String(value);
}
