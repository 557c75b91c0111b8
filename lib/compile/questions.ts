/** What one container must ask of the host before it is compiled: which paths exist, and what is mounted. */

import type { ContainerDefinition } from '../definition/definition.js';
import { layersOf } from './layers.js';
import { hostsAskedFor } from './names.js';
import { hasOwnNames } from './network.js';
import { sysOf } from './proc.js';

export interface Questions {
  /** Paths of the host: what is there, and where it really is. */
  readonly paths: readonly string[];
  /** Paths of the host: what is there, links not followed. */
  readonly entries: readonly string[];
  /** Whether it matters what is mounted on the host now. */
  readonly mounts: boolean;
  /** Whose /etc/hosts the container's own name is added to. */
  readonly hosts?: 'host' | 'root';
  /** Whether the container shares the host's name, and has an /etc/hosts of carrel's. */
  readonly hostname?: true;
}

export function questions(definition: ContainerDefinition): Questions {
  const { rootfs, mounts } = definition;
  const names = namesAskedFor(definition);
  const sources = mounts.flatMap((mount) =>
    mount.type === 'bind' && (mount.optional || mount.create === 'host') ? [mount.source] : [],
  );
  const overlays = [
    ...(typeof rootfs === 'object' ? [rootfs] : []),
    ...mounts.flatMap((mount) => (mount.type === 'overlay' ? [mount] : [])),
  ];
  const layers = overlays.flatMap((overlay) => [
    ...layersOf(overlay),
    ...(overlay.work === undefined ? [] : [overlay.work]),
  ]);
  const roots = rootfs === undefined ? [] : layersOf(rootfs);
  return { paths: [...layers, ...sources], entries: roots.map(sysOf), mounts: layers.length > 0, ...names };
}

function namesAskedFor(definition: ContainerDefinition): Pick<Questions, 'hosts' | 'hostname'> {
  const hosts = hostsAskedFor(definition);
  const { namespaces, rootfs } = definition;
  const sharesName = namespaces.every(
    (entry) => entry !== 'uts' && (typeof entry === 'string' || entry.type !== 'uts'),
  );
  const hasOwnFile = rootfs === undefined && namespaces.includes('mount') && hasOwnNames(definition);
  return { ...(hosts === undefined ? {} : { hosts }), ...(sharesName && hasOwnFile ? { hostname: true } : {}) };
}
