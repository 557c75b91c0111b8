/** The namespaces that a process is in, as its supervisor has seen them. */

import type { NamespaceHandle } from '../definition/namespaces.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import type { Frame } from './channel.js';

const FILES: Readonly<Partial<Record<Namespace, string>>> = { mount: 'mnt', network: 'net' };
const PLACES = (Object.keys(NAMESPACES) as readonly Namespace[]).map((name) => ({
  name,
  file: FILES[name] ?? name,
  field: `${name}Namespace`,
}));

/** The files that stand for the namespaces of the frame's process. namespaces(7) */
export function namespacesOf(frame: Frame): Readonly<Record<Namespace, NamespaceHandle>> {
  const handles: Partial<Record<Namespace, NamespaceHandle>> = {};
  for (const { name, file, field } of PLACES)
    handles[name] = Object.freeze({
      path: `/proc/${frame.pid}/ns/${file}`,
      inode: frame[field as keyof Frame] as number,
    });
  return Object.freeze(handles) as Readonly<Record<Namespace, NamespaceHandle>>;
}
