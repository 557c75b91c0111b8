/** The directories that a root filesystem is made of. */

import type { Overlay } from '../definition/overlay.js';

/** What lies on top comes first. Paths of the host. */
export function layersOf(rootfs: string | Overlay): readonly string[] {
  if (typeof rootfs === 'string') return [rootfs];
  return [...(rootfs.upper === undefined ? [] : [rootfs.upper]), ...rootfs.lower];
}
