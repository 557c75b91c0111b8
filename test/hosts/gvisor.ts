/**
 * gVisor before it had openat2, in a container: a kernel of its own, which says that it is Linux 4.4.
 *
 * Sources: gVisor's table of system calls, pkg/sentry/syscalls/linux/linux64.go: what it does not list is ENOSYS,
 * `unshare` has no cgroup and time namespaces, and LinuxVersion is what uname(2) says.
 */

import type { Step } from '#lib/plan/steps.js';
import { root } from '../support/hosts.js';
import { type DescribedHost, firstRefused } from '../support/observed.js';

const openat2 = { syscall: 'openat2', code: 'ENOSYS' } as const;
const unshare = (step: Step): { syscall: string; code: string } | undefined =>
  step.op === 'unshare' && step.namespaces.some((name) => name === 'cgroup' || name === 'time')
    ? { syscall: 'unshare', code: 'EINVAL' }
    : undefined;

export const gvisor: DescribedHost = {
  source: 'gvisor.ts',
  system: 'linux 4.4.0 on x64, Node.js 22.0.0',
  host: {
    ...root,
    kernel: [4, 4],
    capabilities: 0xa80425fbn,
    landlock: { version: 0, obstacle: 'this kernel is built without it' },
    cgroups: { hierarchies: [], cpus: 2, obstacles: ['no cgroup file system is mounted'], remedy: 'run as root' },
  },
  surroundings: { outer: 'gVisor', filtered: false, noNewPrivileges: false },
  settings: {},
  refuses: (plan) =>
    firstRefused(plan, { propagation: openat2, chdir: openat2, sysctl: openat2, openNamespace: openat2, unshare }),
};
