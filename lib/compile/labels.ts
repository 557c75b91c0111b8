/** Labels of the host's security modules, which the command gets when it is executed. */

import type { ContainerDefinition } from '../definition/definition.js';
import { labelUnavailable } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import type { LabelModule } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';

const MODULES: readonly LabelModule[] = ['apparmor', 'selinux'];

/** They stand in front of all that is the container's own: the /proc that is asked is the caller's. */
export function planLabels(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  return MODULES.flatMap((module) => {
    const label = definition[module];
    if (label === undefined) return [];
    const lack = host.labels === undefined ? 'this host was not asked' : host.labels[module];
    if (lack !== undefined) throw labelUnavailable(module, lack);
    return [{ op: 'setExecLabel', module, label, from: `${module}()` } as const];
  });
}
