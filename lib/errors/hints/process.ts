/** What the command is given before it runs: directory, limits, priority, keys. */

import type { Hint } from './hint.js';

export const PROCESS_HINTS: readonly Hint[] = [
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
];
