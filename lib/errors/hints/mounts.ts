/** Mounts: file systems, trees of the host, and where they go. */

import type { Condition, Hint } from './hint.js';

const proc: Condition = { words: 'for proc', holds: ({ step }) => step?.op === 'mount' && step.type === 'proc' };
const overlay: Condition = {
  words: 'for overlay',
  holds: ({ step }) => step?.op === 'mount' && step.type === 'overlay',
};
/** The most that an option of a mount may have, fsconfig(2). */
const VALUE_MOST = 255;
const long: Condition = {
  words: 'with an option of more than 255 bytes',
  holds: ({ step }) =>
    step?.op === 'mount' &&
    step.options.some((option) => {
      const value = option.slice(option.indexOf('=') + 1);
      return new TextEncoder().encode(value).length > VALUE_MOST;
    }),
};
const ofOverlay: Condition = {
  words: 'for overlay()',
  holds: ({ step }) => step?.op === 'setXattr' && step.name.startsWith('user.overlay.'),
};
const root: Condition = { words: 'on /', holds: ({ step }) => step?.op === 'bind' && step.target === '/' };

const isRootfs: Condition = { words: 'of rootfs()', holds: ({ step }) => step?.from === 'rootfs()' };
const NO_ROOTFS =
  '{path} does not exist on the host: rootfs() takes a directory, and carrel pulls no image. Unpack one first: ' +
  'docker export $(docker create IMAGE) | tar -x -C DIRECTORY';

/** What a rule `deny mount` of AppArmor refuses; move_mount(2) since Linux 6.7. security/apparmor/lsm.c */
const MEDIATED = [
  ['propagation', undefined],
  ['mount', 'move_mount'],
  ['bind', 'move_mount'],
  ['pivotRoot', 'pivot_root'],
] as const;

export const MOUNT_HINTS: readonly Hint[] = [
  {
    op: 'any',
    error: 'EAGAIN',
    syscall: 'openat2',
    text:
      'something on this machine renames or mounts without a pause, and the kernel cannot tell where ".." leads ' +
      'meanwhile: end it, or give paths, and links on the way, without ".."',
  },
  ...MEDIATED.map(
    ([op, syscall]): Hint => ({
      op,
      error: 'EACCES',
      ...(syscall === undefined ? {} : { syscall }),
      text:
        'a security module forbids mounts, as Docker’s AppArmor profile does: give the outer container ' +
        '--security-opt apparmor=unconfined (Kubernetes: appArmorProfile: { type: Unconfined })',
    }),
  ),
  {
    op: 'setXattr',
    error: 'ENOTSUP',
    when: ofOverlay,
    text:
      'before Linux 6.6 memory has no extended attributes of users, and overlayfs would refuse to remove directories ' +
      'there (EIO): give overlay() an upper and a work on disk',
  },
  {
    op: 'mount',
    error: 'EPERM',
    syscall: 'fsmount',
    when: proc,
    text:
      'the /proc around this process is partly hidden, as in Docker and Kubernetes, and the kernel then refuses a ' +
      'new one: ' +
      'give the outer container --security-opt systempaths=unconfined (Podman: unmask=ALL)',
  },
  {
    op: 'mount',
    error: 'EINVAL',
    syscall: 'fsconfig',
    when: long,
    text:
      'the kernel takes up to 255 bytes in an option of a mount, and one here is longer. Relative paths count from ' +
      'the target: bind the directories there at short names, as rootfs(overlay()) does, and name these',
  },
  {
    op: 'mount',
    error: 'ELOOP',
    when: overlay,
    text: 'the upper or the work directory is in a lower one, or the other way round, perhaps by a symbolic link',
  },
  {
    op: 'mount',
    error: 'EINVAL',
    when: overlay,
    text:
      'overlayfs takes no upper directory on overlayfs or a network file system (overlay({ lower }) alone keeps ' +
      'writes in ' +
      'memory). It takes no work directory on another mount than upper. It takes idmapped layers, as root’s ' +
      'containers ' +
      'have, since Linux 5.19',
  },
  {
    op: 'mount',
    error: 'ENOENT',
    when: overlay,
    text: 'the upper and the work directory must exist, on one mount',
  },
  {
    op: 'mount',
    error: 'EPERM',
    syscall: 'fsconfig',
    when: overlay,
    text: 'this kernel keeps overlayfs from user namespaces, which Linux allows since 5.11',
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
    text: '{path} is missing, or is a symbolic link that leads nowhere: make it by a directory() step before this one',
  },
  {
    op: 'mount',
    error: 'ENOTDIR',
    text: '{path}, or what is above it, is a file: a file system needs a directory',
  },
  {
    op: 'mount',
    error: 'EACCES',
    syscall: 'openat2',
    text: 'the caller has no permission to enter a directory on the way to {path}',
  },
  { op: 'mount', error: 'ENODEV', text: 'this kernel has no file system {type}, or its module is not loaded' },
  { op: 'bind', error: 'ENOENT', syscall: 'open_tree', when: isRootfs, text: NO_ROOTFS },
  { op: 'bind', error: 'ENOENT', syscall: 'open_tree', text: '{source} does not exist on the host' },
  { op: 'bind', error: 'ENOTDIR', syscall: 'open_tree', text: '{source} leads through a file of the host' },
  {
    op: 'bind',
    error: 'EACCES',
    syscall: 'open_tree',
    text: 'the caller has no permission to enter a directory above {source}',
  },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'open_tree',
    text: 'mounts below {source} hide what this user namespace must not see: bind it with recursive: true',
  },
  {
    op: 'bind',
    error: 'ENOENT',
    text:
      '{target} is missing, or leads through a symbolic link that leads nowhere: carrel makes no directory where a ' +
      'link ' +
      'points',
  },
  { op: 'bind', error: 'ENOTDIR', text: '{target} leads through a file of the root filesystem' },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'move_mount',
    when: root,
    text: 'a root filesystem must be a directory, and this is none',
  },
  {
    op: 'bind',
    error: 'EINVAL',
    syscall: 'move_mount',
    text: 'bind a directory on a directory, and a file on a file',
  },
  {
    op: 'directory',
    error: 'ENOENT',
    text: '{path} leads through a symbolic link that leads nowhere: carrel makes no directory where a link points',
  },
  ...(['directory', 'symlink', 'file', 'replaceFile'] as const).map(
    (op): Hint => ({ op, error: 'ENOTDIR', text: '{path}, or what is above it, is a file' }),
  ),
  ...(['directory', 'symlink', 'file', 'bind'] as const).flatMap((op) =>
    (['open_tree', 'move_mount', 'fsmount'] as const).map(
      (syscall): Hint => ({
        op,
        error: 'ENOSPC',
        syscall,
        text:
          'the layer for {path} shows each entry of its directory by a mount, and there are more than 4096, or than ' +
          'fs.mount-max allows. Make {path} beforehand, or lay the directory under an overlay, which needs no layer: ' +
          'rootfs(overlay({ lower })) or mount(overlay(target, { lower }))',
      }),
    ),
  ),
  {
    op: 'makeTarget',
    error: 'EROFS',
    text: 'what {path} is in is read-only, so nothing can be made there: make {path} beforehand, or bind it writable',
  },
  {
    op: 'makeTarget',
    error: 'EACCES',
    text: 'the container’s maker may not write to the directory above {path}: make {path} beforehand',
  },
  {
    op: 'makeTarget',
    error: 'EAGAIN',
    syscall: 'flock',
    text: 'another program has locked {path}: carrel locks it too, so that no other container takes it away',
  },
  {
    op: 'removeTarget',
    error: 'EACCES',
    text: 'the directory around {name} lets this process in no more, so {name} stays there: remove it by hand',
  },
  {
    op: 'pivotRoot',
    error: 'EBUSY',
    syscall: 'umount2',
    text:
      'a mount lies on / itself, and "/.." would lead beneath it: a link of the root filesystem leads the target of ' +
      'a mount, or /tmp, to /',
  },
  { op: 'symlink', error: 'EBUSY', text: 'something is mounted on {path}: a link cannot take its place' },
  { op: 'symlink', error: 'EISDIR', text: '{path} is a directory: a link cannot take its place' },
  ...(['file', 'replaceFile'] as const).map(
    (op): Hint => ({
      op,
      error: 'EFBIG',
      text: 'the content is larger than the limit of a file’s size: raise RLIMIT_FSIZE of this process (ulimit -f)',
    }),
  ),
  {
    op: 'replaceFile',
    error: 'EACCES',
    text: 'the command’s user may not write in the directory of {path}: choose another one, such as /tmp',
  },
  {
    op: 'replaceFile',
    error: 'EROFS',
    text: 'the directory of {path} is read-only: choose another one, such as /tmp, or mount a tmpfs() there',
  },
  {
    op: 'replaceFile',
    error: 'EPERM',
    syscall: 'renameat',
    text: '{path} is somebody else’s, and in its directory only owners replace files, as in /tmp: chmod(1), +t',
  },
  { op: 'replaceFile', error: 'EISDIR', text: '{path} is a directory: a file cannot take its place' },
  { op: 'replaceFile', error: 'EBUSY', text: 'something is mounted on {path}: a file cannot take its place' },
  { op: 'file', error: 'EINVAL', syscall: 'move_mount', text: '{path} is a directory: a file cannot cover it' },
  {
    op: 'openTree',
    error: 'EMFILE',
    text: 'this process cannot hold so many trees open: raise its limit of open files (ulimit -n)',
  },
  {
    op: 'openTree',
    error: 'ELOOP',
    syscall: 'openat2',
    text: 'a symbolic link is on the way to {path}, and nofollow refuses one; name the directory that it leads to',
  },
  {
    op: 'openTree',
    error: 'EXDEV',
    text: '{path} leads out of {within}, by a symbolic link or "..": somebody who writes there may have put it there',
  },
  {
    op: 'openTree',
    error: 'EAGAIN',
    text: 'somebody renames directories above {path} all the time, and the kernel cannot be sure where it leads',
  },
  {
    op: 'openTree',
    error: 'ESTALE',
    text: 'another file has taken the place of the one that the descriptor holds',
  },
  { op: 'openTree', error: 'ENOENT', when: isRootfs, text: NO_ROOTFS },
  { op: 'openTree', error: 'ENOENT', text: '{path} does not exist on the host' },
  { op: 'openTree', error: 'ENOTDIR', text: '{path} leads through a file of the host' },
  { op: 'openTree', error: 'EACCES', text: 'the caller has no permission to enter a directory above {path}' },
];
