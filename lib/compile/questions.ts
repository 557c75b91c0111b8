/** What one container must ask of the host before it is compiled: which paths exist, and what is mounted. */

import type { ContainerDefinition } from '../definition/definition.js';
import { sysOf } from './proc.js';

export interface Questions {
  /** Paths of the host: what is there, and where it really is. */
  readonly paths: readonly string[];
  /** Paths of the host: what is there, links not followed. */
  readonly entries: readonly string[];
  /** Whether it matters what is mounted on the host now. */
  readonly mounts: boolean;
}

export function questions({ rootfs, mounts }: ContainerDefinition): Questions {
  const optional = mounts.flatMap((mount) => (mount.type === 'bind' && mount.optional ? [mount.source] : []));
  if (rootfs === undefined) return { paths: optional, entries: [], mounts: false };
  const roots =
    typeof rootfs === 'string' ? [rootfs] : [...(rootfs.upper === undefined ? [] : [rootfs.upper]), ...rootfs.lower];
  const layers = typeof rootfs === 'string' ? [] : [...roots, ...(rootfs.work === undefined ? [] : [rootfs.work])];
  return { paths: [...layers, ...optional], entries: roots.map(sysOf), mounts: layers.length > 0 };
}
