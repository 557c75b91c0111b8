/** JavaScript of the caller's that runs between a container's namespaces and its mounts. */

import type { NamespaceHandle } from '../definition/namespaces.js';
import { hookFailed } from '../errors/errors.js';
import type { Namespace } from '../plan/constants.js';

/**
 * The container at the moment of a hook: its namespaces are there and its ids are mapped, nothing else has happened
 * yet.
 */
export interface HookContext {
  /**
   * The process that becomes the container, as the host numbers it. It waits. Another process can enter it, as
   * nsenter(1) does, for the time of the hook only: behind it nobody but root can look into the container's processes.
   */
  readonly pid: number;
  /** Its namespaces, new or not: `namespaces.network.path` is `/proc/PID/ns/net`. */
  readonly namespaces: Readonly<Record<Namespace, NamespaceHandle>>;
}

/**
 * What {@link Container.hook} takes. What it returns is awaited, and not looked at; what it throws, or a promise that
 * rejects, ends the container.
 */
export type Hook = (context: HookContext) => unknown;

/**
 * One after the other, while the container waits. Gives the error of the first that fails; those behind it are not
 * called.
 */
export async function runHooks(hooks: readonly Hook[], context: HookContext): Promise<Error | undefined> {
  try {
    for (const hook of hooks) await hook(context);
    return undefined;
  } catch (cause) {
    return hookFailed(cause);
  }
}
