/** What one container must ask of the host before it is compiled: which paths exist, and what is mounted. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Overlay } from '../definition/overlay.js';
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
  const overlays = [
    ...(typeof rootfs === 'object' ? [rootfs] : []),
    ...mounts.flatMap((mount) => (mount.type === 'overlay' ? [mount] : [])),
  ];
  const layers = overlays.flatMap(({ lower, upper, work }) => [
    ...(upper === undefined ? [] : [upper]),
    ...lower,
    ...(work === undefined ? [] : [work]),
  ]);
  const roots = typeof rootfs === 'object' ? [...lowerAndUpper(rootfs)] : rootfs === undefined ? [] : [rootfs];
  return { paths: [...layers, ...optional], entries: roots.map(sysOf), mounts: layers.length > 0 };
}

/** The directories that a root is made of. */
function lowerAndUpper({ lower, upper }: Overlay): readonly string[] {
  return [...(upper === undefined ? [] : [upper]), ...lower];
}
