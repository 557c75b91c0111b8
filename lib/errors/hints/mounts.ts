/** Mounts: file systems, trees of the host, and where they go. */

import type { Condition, Hint } from './hint.js';

const proc: Condition = { words: 'for proc', holds: ({ step }) => step?.op === 'mount' && step.type === 'proc' };
const root: Condition = { words: 'on /', holds: ({ step }) => step?.op === 'bind' && step.target === '/' };

export const MOUNT_HINTS: readonly Hint[] = [
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
  { op: 'openTree', error: 'ENOENT', text: '{path} does not exist on the host' },
  { op: 'openTree', error: 'ENOTDIR', text: '{path} leads through a file of the host' },
  { op: 'openTree', error: 'EACCES', text: 'the caller may not enter a directory above {path}' },
];
