/** The namespaces that a process is in, as its supervisor has seen them. */

import type { NamespaceHandle } from '../definition/namespaces.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import type { Frame } from './channel.js';

/** The files that stand for the namespaces of the frame's process. namespaces(7) */
export function namespacesOf(frame: Frame): Readonly<Record<Namespace, NamespaceHandle>> {
  const names = Object.keys(NAMESPACES) as readonly Namespace[];
  const handles = names.map((name) => {
    const path = `/proc/${frame.pid}/ns/${FILES[name] ?? name}`;
    return [name, Object.freeze({ path, inode: frame[`${name}Namespace`] })];
  });
  return Object.freeze(Object.fromEntries(handles)) as Readonly<Record<Namespace, NamespaceHandle>>;
}

const FILES: Readonly<Partial<Record<Namespace, string>>> = { mount: 'mnt', network: 'net' };
