/**
 * The namespaces of a container, as descriptors for Node: commands that enter later join them, and who reads its files.
 */

import type { ContainerDefinition } from '../definition/definition.js';
import { NAMESPACE_FILES, NAMESPACES, type Namespace } from '../plan/constants.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import type { FramedCommand } from './command.js';
import { hasNamespace } from './ids.js';
import { SERVED_NAMESPACES } from './serve.js';
import type { Slots } from './slots.js';

export interface CapturePlan {
  /** While paths are the host's. */
  readonly open: readonly ContainerStep[];
  /** When every namespace is the command's own. */
  readonly give: readonly ContainerStep[];
}

/** What in /proc/self/ns is final before its process has forked, or joined a pid namespace. namespaces(7) */
const FILES: Readonly<Record<Namespace, string>> = {
  ...NAMESPACE_FILES,
  pid: 'pid_for_children',
  time: 'time_for_children',
};

/**
 * The child opens them itself: PID 1 is not to be looked at by anybody, and its time and cgroup namespaces are not the
 * command's. It finds them in the host's /proc, whatever the container has there. ptrace(2), proc(5)
 *
 * `places`: what else Node gets, behind them, also of a container that ends with its command.
 */
export function planCapture(
  definition: ContainerDefinition,
  { stays, collects, pooled }: Pick<FramedCommand, 'stays' | 'collects' | 'pooled'>,
  places: readonly number[],
  nests: boolean,
  slots: Slots,
): CapturePlan {
  const isGiven = stays !== undefined || collects === true;
  const isCaptured = isGiven || pooled !== undefined;
  const types = isCaptured ? capturedTypes(definition, stays !== undefined || pooled === 'containers') : [];
  const alone = places.length === 0 ? [] : [givingOf(places)];
  if (types.length === 0) return { open: [], give: alone };
  const from = pooled !== undefined ? 'pool()' : stays === undefined ? 'collect' : 'start()';
  const at = slots.add('/proc of the host');
  const opening = (type: Namespace, name: string): StepOf<'openNamespace'> => {
    return { op: 'openNamespace', slot: slots.add(name), path: `self/ns/${FILES[type]}`, type, inode: 0, at, from };
  };
  const opened = types.map((type) => opening(type, `own ${type} namespace`));
  // Before the inner one is made. Who has no rights on the host joins the pid namespace by this one.
  const outer = nests ? [opening('user', 'outer user namespace')] : [];
  const given = opened.filter(({ type }) => stays !== undefined || SERVED_NAMESPACES.includes(type));
  const slotsOf = [...[...given, ...outer].map(({ slot }) => slot), ...places];
  return {
    open: [{ op: 'openDirectory', slot: at, path: '/proc', from }, ...outer],
    give: isGiven ? [...given, { op: 'give', slots: slotsOf, from }] : alone,
  };
}

function givingOf(slots: readonly number[]): StepOf<'give'> {
  return { op: 'give', slots, from: 'network()' };
}

/**
 * The kinds of namespace that are not the host's, in the order in which Node gets them: all, or those that a server
 * joins.
 */
function capturedTypes(definition: ContainerDefinition, all: boolean): readonly Namespace[] {
  const types = Object.keys(NAMESPACES) as readonly Namespace[];
  return types.filter((name) => hasNamespace(definition, name) && (all || SERVED_NAMESPACES.includes(name)));
}
