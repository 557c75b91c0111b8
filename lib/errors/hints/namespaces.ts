/** Namespaces that are joined, and what is set in them. */

import type { Condition, Hint } from './hint.js';

const written: Condition = { words: 'at the write', holds: ({ syscall }) => syscall === 'write' };

const processesOnly: Condition = {
  words: 'where /proc shows no settings',
  // Every kernel has that one.
  holds: ({ sysctl }) => sysctl !== undefined && sysctl('kernel.ostype') === undefined,
};

/** Of what is written below the caller's own /proc. */
export const PROC_READONLY =
  '/proc is mounted read-only around this process, and what its containers are is written there: mount it read-write';

export const NAMESPACE_HINTS: readonly Hint[] = [
  ...(['setTimeOffset', 'sysctl'] as const).map((op): Hint => ({ op, error: 'EROFS', text: PROC_READONLY })),
  {
    op: 'any',
    error: 'ESRCH',
    syscall: 'readlinkat',
    text:
      'the /proc around this process shows the pids of another namespace: give the process a /proc of its own, ' +
      'as unshare --pid --fork --mount-proc does; a container of carrel’s inside another has none, so give that one ' +
      'no "pid" among its namespaces()',
  },
  {
    op: 'openNamespace',
    error: 'ESRCH',
    text: 'the process whose namespace it was has ended, and another process has its pid now',
  },
  { op: 'openNamespace', error: 'ENOENT', text: 'no process has {path}: it has ended, or never existed' },
  {
    op: 'openNamespace',
    error: 'EACCES',
    text:
      'the caller must be able to trace a process to see its namespaces, and it is another user’s, or has more ' +
      'rights. ptrace(2)',
  },
  { op: 'openNamespace', error: 'EINVAL', text: '{path} is no namespace of the type {type}' },
  {
    op: 'setns',
    error: 'EPERM',
    text: 'joining a namespace takes CAP_SYS_ADMIN over it: also join the user namespace that it belongs to',
  },
  {
    op: 'setTimeOffset',
    error: 'ERANGE',
    text: 'a clock cannot go back beyond 0, when the machine started, nor forward by more than about 146 years',
  },
  {
    op: 'sysctl',
    error: 'ENOENT',
    when: processesOnly,
    text:
      'the /proc around this process shows processes only (subset=pid; ProcSubset of systemd): give the container a ' +
      'new one, by proc("new") and a pid namespace, or mount the whole',
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
];
