/**
 * Root without CAP_SYS_RESOURCE, as in many virtual machines and containers.
 *
 * Sources: prlimit(2) EPERM; proc_pid_oom_score_adj(5) EACCES; and the machine that carrel is made on, which is one.
 */

import { CAPABILITIES } from '#lib/plan/constants.js';
import { root } from '../support/hosts.js';
import type { DescribedHost } from '../support/observed.js';

export const noSysResource: DescribedHost = {
  source: 'no-sys-resource.ts',
  system: 'linux 6.18.0 on x64, Node.js 20.20.2',
  host: {
    ...root,
    kernel: [6, 18],
    landlock: { version: 7 },
    rlimits: { msgqueue: { soft: 819_200, hard: 819_200 } },
    capabilities: root.capabilities & ~CAPABILITIES.CAP_SYS_RESOURCE,
  },
  surroundings: { filtered: false, noNewPrivileges: false },
  settings: {},
  refuses: (_, trial) => {
    if (trial?.name === 'higher rlimits') return { step: 'setRlimit', syscall: 'prlimit64', code: 'EPERM' };
    if (trial?.name === 'lower oom_score_adj') return { step: 'setOomScoreAdj', syscall: 'write', code: 'EACCES' };
    return undefined;
  },
};
