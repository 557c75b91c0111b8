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
  readonly op: Step['op'] | 'clone';
  readonly error: string;
  readonly when?: Condition;
  /** `{path}` stands for the path of the refused step, any other name in braces for the field of that name. */
  readonly text: string;
}

const ordinaryUser: Condition = { words: 'for an ordinary user', holds: ({ uid }) => uid !== 0 };
const proc: Condition = { words: 'for proc', holds: ({ step }) => step?.op === 'mount' && step.type === 'proc' };
const written: Condition = { words: 'at the write', holds: ({ syscall }) => syscall === 'write' };
const ofPath: Condition = {
  words: 'of a path',
  holds: ({ step }) => step?.op === 'bind' && step.source !== undefined,
};
const ofPathOnRoot: Condition = {
  words: 'of a path on /',
  holds: (refusal) => ofPath.holds(refusal) && refusal.step?.op === 'bind' && refusal.step.target === '/',
};

/** The first that fits is given: the particular goes before the general. */
export const HINTS: readonly Hint[] = [
  {
    op: 'clone',
    error: 'EPERM',
    when: ordinaryUser,
    text:
      'an ordinary user needs user namespaces: keep "user" among the namespaces, and see that ' +
      'kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns allow them',
  },
  { op: 'clone', error: 'EPERM', text: 'the caller lacks CAP_SYS_ADMIN, or an outer sandbox forbids namespaces' },
  { op: 'clone', error: 'ENOSPC', text: 'a limit of user.max_*_namespaces is reached, or 0: see sysctl -a' },
  {
    op: 'clone',
    error: 'ENOSYS',
    text: 'an outer sandbox filters clone3; carrel needs Linux 5.15 without that filter',
  },
  {
    op: 'setUidMap',
    error: 'EPERM',
    text: 'user namespaces are restricted on this host, by AppArmor or an outer container',
  },
  {
    op: 'idmap',
    error: 'EINVAL',
    text:
      'this file system cannot show its owners mapped (overlayfs and most network file systems cannot): ' +
      'put the directory on ext4, xfs, btrfs, or on tmpfs with Linux 6.3',
  },
  {
    op: 'mount',
    error: 'EPERM',
    when: proc,
    text: 'the /proc around this process is partly hidden, as in Docker and Kubernetes: the kernel then refuses a new one',
  },
  {
    op: 'mount',
    error: 'ELOOP',
    text: 'the root filesystem has a symbolic link there; carrel mounts only on a real directory',
  },
  {
    op: 'mount',
    error: 'ENOENT',
    text: 'make the directory {path} in the root filesystem; carrel does not write into it',
  },
  { op: 'bind', error: 'ENOENT', when: ofPathOnRoot, text: '{source} does not exist on the host' },
  {
    op: 'bind',
    error: 'ENOENT',
    when: ofPath,
    text: 'see that {source} exists on the host, and {target} in the root filesystem; carrel does not write into it',
  },
  { op: 'bind', error: 'ENOENT', text: 'make the target in the root filesystem; carrel does not write into it' },
  { op: 'bind', error: 'ENOTDIR', text: 'a directory can be bound on a directory only, a file on a file only' },
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
  { op: 'chdir', error: 'ENOENT', text: '{path} does not exist in the container' },
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
  { op: 'exec', error: 'ENOEXEC', text: 'it is no program for this architecture, or a script without a #! line' },
  {
    op: 'exec',
    error: 'EACCES',
    text: 'the file is not executable for this user, or its file system is mounted noexec',
  },
  { op: 'exec', error: 'E2BIG', text: 'arguments and environment together are too long: see getconf ARG_MAX' },
  { op: 'exec', error: 'ETXTBSY', text: 'somebody has the program open for writing' },
];

/** The hint for a refused step, if the table has one. */
export function hintFor(refusal: Refusal): string | undefined {
  const op = refusal.place.list === 'clone' ? 'clone' : refusal.step?.op;
  const error = errorName(refusal.errno);
  const found = HINTS.find((hint) => hint.op === op && hint.error === error && (hint.when?.holds(refusal) ?? true));
  return found?.text.replace(/\{(\w+)\}/g, (whole, name: string) => fieldOf(refusal, name) ?? whole);
}

function fieldOf({ path, step }: Refusal, name: string): string | undefined {
  const value = name === 'path' && path !== undefined ? path : (step as Readonly<Record<string, unknown>>)?.[name];
  return value === undefined ? undefined : String(value);
}
