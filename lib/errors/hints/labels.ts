/** Labels: whether the host's policy has them, and lets the caller have them. */

import type { Condition, Hint } from './hint.js';

const isApparmor: Condition = {
  words: 'of AppArmor',
  holds: ({ step }) => step?.op === 'setExecLabel' && step.module === 'apparmor',
};
const isSelinux: Condition = {
  words: 'of SELinux',
  holds: ({ step }) => step?.op === 'setExecLabel' && step.module === 'selinux',
};
const NO_PROC = 'what stands on /proc is not the root of a real one: mount /proc';

export const LABEL_HINTS: readonly Hint[] = [
  {
    op: 'setExecLabel',
    error: 'ENOENT',
    syscall: 'write',
    text: 'no such profile is loaded: aa-status lists them, and root loads one with apparmor_parser --replace FILE',
  },
  {
    op: 'setExecLabel',
    error: 'EACCES',
    when: isApparmor,
    text: 'the profile that the caller is under does not allow it: it needs a rule change_profile -> {label}',
  },
  {
    op: 'setExecLabel',
    error: 'EACCES',
    when: isSelinux,
    text: 'the policy does not let the caller’s domain set contexts: allow it process setexec',
  },
  {
    op: 'setExecLabel',
    error: 'EINVAL',
    syscall: 'write',
    when: isApparmor,
    text: 'AppArmor is switched off, or the name is none that it can parse',
  },
  {
    op: 'setExecLabel',
    error: 'EINVAL',
    syscall: 'write',
    when: isSelinux,
    text: 'SELinux is switched off, no policy is loaded, or the policy has no such user, role, type or level',
  },
  { op: 'setExecLabel', error: 'EINVAL', syscall: 'fstatfs', text: NO_PROC },
  { op: 'setExecLabel', error: 'ENOTDIR', syscall: 'openat', text: NO_PROC },
  { op: 'setExecLabel', error: 'ENOENT', syscall: 'openat', text: NO_PROC },
  {
    op: 'setExecLabel',
    error: 'ENOENT',
    syscall: 'openat2',
    text: 'this kernel is built without the security module {module}, or /proc is of another pid namespace',
  },
  { op: 'setExecLabel', error: 'EXDEV', text: 'something is mounted in /proc over what the kernel says of processes' },
  { op: 'setExecLabel', error: 'ENAMETOOLONG', text: 'the kernel takes labels of up to a page' },
];
