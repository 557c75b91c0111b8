/**
 * Root of a machine with Linux 5.15, the oldest that carrel is made for.
 *
 * Sources: landlock(7), version 1 before Linux 5.19; xattr(7), tmpfs has none of `user` before Linux 6.6;
 * ipc_namespaces(7) and the kernel's commit that gives keys of ipc to their user namespace, Linux 6.9.
 */

import type { Step } from '#lib/plan/steps.js';
import { root } from '../support/hosts.js';
import { type DescribedHost, firstRefused } from '../support/observed.js';

const sysctl = (step: Step): { syscall: string; code: string } | undefined =>
  step.op === 'sysctl' && /^kernel\/(shm|msg|sem)/.test(step.path) ? { syscall: 'openat2', code: 'EACCES' } : undefined;

export const linux515: DescribedHost = {
  source: 'linux-5.15.ts',
  system: 'linux 5.15.0-generic on x64, Node.js 20.19.0',
  host: { ...root, kernel: [5, 15], landlock: { version: 1 } },
  surroundings: { filtered: false, noNewPrivileges: false },
  settings: { 'kernel.ostype': 'Linux' },
  refuses: (plan) => firstRefused(plan, { setXattr: { syscall: 'fsetxattr', code: 'ENOTSUP' }, sysctl }),
};
