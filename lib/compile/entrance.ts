/** How a command comes into a pid namespace that is another container's. */

import type { ContainerStep, StepOf } from '../plan/steps.js';
import type { StdioPlan } from './stdio.js';

/**
 * The steps behind the filters. What is in the namespace may be hostile, so the command is not among it until it has no
 * more rights and descriptors than its program will have. CVE-2016-9962
 */
export function planEntrance(
  enters: boolean,
  { descriptors, controlTerminal }: StdioPlan,
  resources: readonly StepOf<'setRlimit'>[],
): readonly ContainerStep[] {
  if (!enters) return [];
  return [
    { op: 'enter', kept: descriptors.filter((slot) => slot !== 'ignore'), from: 'namespaces()' },
    // A session is the command's own.
    ...controlTerminal,
    // To enter takes one process more than the command needs.
    ...resources.filter(({ resource }) => resource === 'nproc'),
  ];
}
