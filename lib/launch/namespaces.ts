/** The namespaces that a process is in, as its supervisor has seen them. */

import { statSync } from 'node:fs';
import type { NamespaceHandle } from '../definition/namespaces.js';
import { NAMESPACE_FILES, type Namespace } from '../plan/constants.js';

const PLACES = Object.entries(NAMESPACE_FILES) as readonly (readonly [Namespace, string])[];

/** A process and the inode numbers of its namespaces. */
export interface Identity {
  readonly pid: number;
  readonly namespaces: Readonly<Record<Namespace, number>>;
}

/** The files that stand for the namespaces of a process. namespaces(7) */
export function namespacesOf({ pid, namespaces }: Identity): Readonly<Record<Namespace, NamespaceHandle>> {
  const handles: Partial<Record<Namespace, NamespaceHandle>> = {};
  for (const [name, file] of PLACES)
    handles[name] = Object.freeze({ path: `/proc/${pid}/ns/${file}`, inode: namespaces[name] });
  return Object.freeze(handles) as Readonly<Record<Namespace, NamespaceHandle>>;
}

/** Those of this process; the number 0 is one of a kind that this kernel does not have. */
export function ownNamespaces(): Readonly<Record<Namespace, NamespaceHandle>> {
  const inodes = PLACES.map(([name, file]) => [name, numberOf(`/proc/self/ns/${file}`)] as const);
  return namespacesOf({ pid: process.pid, namespaces: Object.fromEntries(inodes) as Record<Namespace, number> });
}

function numberOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
