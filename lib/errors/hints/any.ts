/** Any step: what the surroundings of carrel lack. It is behind all that is known of one step. */

import { NO_MEMORY, TOO_MANY_FILES } from './clone.js';
import type { Hint } from './hint.js';

const MOUNTS_MOST = 'a mount namespace holds as many mounts as fs.mount-max says: raise it, or mount less';

/** What most likely helps where the kernel refuses a call that is no step's. */
export function lackHint(error: string, syscall: string): string | undefined {
  const found = ANY_HINTS.find(
    (hint) => hint.op === 'any' && hint.error === error && (hint.syscall === undefined || hint.syscall === syscall),
  );
  return found?.text.replaceAll('{syscall}', syscall);
}

export const ANY_HINTS: readonly Hint[] = [
  {
    op: 'any',
    error: 'ENOSYS',
    text: 'carrel needs Linux 5.15: this kernel is older and lacks {syscall}, or an outer sandbox filters it',
  },
  { op: 'any', error: 'EMFILE', text: TOO_MANY_FILES },
  { op: 'any', error: 'ENFILE', text: TOO_MANY_FILES },
  { op: 'any', error: 'ENOMEM', text: NO_MEMORY },
  { op: 'any', error: 'EINTR', text: 'a signal or a debugger interrupted {syscall}: start the container once more' },
  ...(['open_tree', 'move_mount', 'fsmount', 'mount_setattr', 'pivot_root'] as const).map(
    (syscall): Hint => ({ op: 'any', error: 'ENOSPC', syscall, text: MOUNTS_MOST }),
  ),
  {
    op: 'makeCgroup',
    error: 'ENOSPC',
    syscall: 'mkdirat',
    text: 'the machine has as many cgroups as the kernel has numbers for, 65,535: remove some',
  },
  {
    op: 'makeCgroup',
    error: 'EAGAIN',
    syscall: 'mkdirat',
    text: 'a cgroup above reaches its cgroup.max.descendants or cgroup.max.depth: raise it, or end containers',
  },
  {
    op: 'any',
    error: 'ENOSPC',
    text: 'what {syscall} writes to is full: free space, or inodes, there',
  },
  {
    op: 'any',
    error: 'EPERM',
    text:
      'a filter of system calls or a security module around this process refuses {syscall}, or the process lacks a ' +
      'capability: give an outer container --security-opt seccomp=unconfined',
  },
];
