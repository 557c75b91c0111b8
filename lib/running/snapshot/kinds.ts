/** What an entry of a tree is. */

import type { Stat } from '../../plan/serving-bytes.js';
import { type FileKind, kindOfMode } from '../files/kinds.js';

export type Kind = Exclude<FileKind, 'block' | 'character'> | 'whiteout' | 'device';

/** A whiteout is a character device 0:0: overlayfs notes by it that what is called so in a lower directory is gone. */
export function kindOf({ mode, rdev }: Stat): Kind {
  const kind = kindOfMode(mode);
  if (kind === 'character' && rdev === 0) return 'whiteout';
  return kind === undefined || kind === 'block' || kind === 'character' ? 'device' : kind;
}

/** How overlayfs notes that a directory hides those below it, by who has mounted it. */
export const OPAQUE = ['user.overlay.opaque', 'trusted.overlay.opaque'] as const;
