/** What an entry of a tree is. */

import type { Stat } from '../../plan/serving-bytes.js';

export type Kind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'whiteout' | 'device';

/** S_IF* of inode(7). */
const MASK = 0o170000;
const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
]);
const CHARACTER = 0o020000;
const PERMISSIONS = 0o7777;

/** A whiteout is a character device 0:0: overlayfs notes by it that what is called so in a lower directory is gone. */
export function kindOf({ mode, rdev }: Stat): Kind {
  const kind = mode & MASK;
  if (kind === CHARACTER && rdev === 0) return 'whiteout';
  return KINDS.get(kind) ?? 'device';
}

export function permissionsOf({ mode }: Stat): number {
  return mode & PERMISSIONS;
}

/** How overlayfs notes that a directory hides those below it, by who has mounted it. */
export const OPAQUE = ['user.overlay.opaque', 'trusted.overlay.opaque'] as const;
