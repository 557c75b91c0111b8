/** What the command is given before it runs: directory, limits, priority, keys. */

import type { Hint } from './hint.js';
import { PROC_READONLY } from './namespaces.js';

export const PROCESS_HINTS: readonly Hint[] = [
  { op: 'chdir', error: 'ENOENT', text: '{path} does not exist in the container' },
  { op: 'chdir', error: 'ENOTDIR', text: '{path}, or what is above it, is a file in the container' },
  {
    op: 'chdir',
    error: 'ELOOP',
    text: 'the path leads through a link of /proc, which could lead out of the container',
  },
  {
    op: 'assertRefused',
    error: 'ECANCELED',
    text: 'the kernel allows it, so what the plan relies on does not hold on this machine',
  },
  { op: 'lockFile', error: 'EAGAIN', text: 'another process has a write lock on {path}: lslocks(8) shows which' },
  {
    op: 'lockFile',
    error: 'EINVAL',
    syscall: 'fcntl',
    text: 'behind init the lock would end with exec: put the step in front of init',
  },
  {
    op: 'chmod',
    error: 'EPERM',
    syscall: 'fchmod',
    text: '{path} belongs to another user: only its owner, or root of a container that has that id, can change it',
  },
  { op: 'chdir', error: 'EACCES', text: 'the user of the command has no permission to enter that directory' },
  ...(['EPERM', 'ENOSYS'] as const).map(
    (error): Hint => ({
      op: 'joinSessionKeyring',
      error,
      text:
        'an outer sandbox filters keyctl, as Docker and carrel do, also with CAP_SYS_ADMIN: give the outer container ' +
        "--security-opt seccomp=unconfined, or one of carrel’s seccomp('unconfined')",
    }),
  ),
  {
    op: 'joinSessionKeyring',
    error: 'EDQUOT',
    text: 'this user has too many keys: raise kernel.keys.maxkeys and kernel.keys.maxbytes',
  },
  {
    op: 'setRlimit',
    error: 'EPERM',
    text:
      'raising a hard limit takes CAP_SYS_RESOURCE on the host, and nofile never exceeds fs.nr_open: ' +
      'ulimit -H -a shows what the caller has',
  },
  {
    op: 'setPriority',
    error: 'EACCES',
    text: 'a nice value below the caller’s takes CAP_SYS_NICE on the host, or RLIMIT_NICE',
  },
  { op: 'setOomScoreAdj', error: 'EROFS', text: PROC_READONLY },
  {
    op: 'setOomScoreAdj',
    error: 'EACCES',
    text: 'an oom_score_adj below the caller’s takes CAP_SYS_RESOURCE on the host',
  },
  {
    op: 'setAffinity',
    error: 'EINVAL',
    text: 'one of these CPUs does not exist, or this process cannot use it: see taskset -p and cpuset(7)',
  },
  {
    op: 'seccomp',
    error: 'EINVAL',
    text:
      'the program is no classic BPF that seccomp(2) takes, 4096 instructions at most; or this kernel was built ' +
      'without CONFIG_SECCOMP_FILTER',
  },
  {
    op: 'seccompReport',
    error: 'EBUSY',
    text:
      'a filter around this process has a listener already, such as that of a container that reports itself: leave ' +
      'report out of one of them',
  },
  {
    op: 'seccompReport',
    error: 'EINVAL',
    text: 'a filter is no classic BPF that seccomp(2) takes, or has instructions that carrel does not compile',
  },
  {
    op: 'seccomp',
    error: 'EACCES',
    text: 'a filter takes CAP_SYS_ADMIN in the user namespace that the child is in, or noNewPrivileges before it',
  },
  {
    op: 'seccomp',
    error: 'ENOMEM',
    text: 'the filters of a process hold 32,768 instructions together, and those around this one leave too little room',
  },
];
