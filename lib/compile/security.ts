/** Rights that are taken away, right before exec. */

import type { CapabilitySets } from '../definition/capabilities.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { Host } from '../host/facts.js';
import { CAPABILITIES, type Capability } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import { isCaller } from './caller.js';

/**
 * The capabilities and `filter`, in the order that the kernel wants them in: `rights`, then `filters`, which are all
 * that stands before the ending.
 */
export function dropRights(
  definition: ContainerDefinition,
  user: { readonly uid: number },
  host: Host,
  filter: readonly ContainerStep[],
): { readonly rights: readonly ContainerStep[]; readonly filters: readonly ContainerStep[] } {
  const capabilities: ContainerStep = {
    op: 'setCapabilities',
    ...setsOf(definition, user),
    // Nobody can take from this set there, and nothing gives anybody of it: there are no new privileges.
    ...(isCaller(definition, host) ? { bounding: EVERY } : {}),
    from: 'capabilities()',
  };
  if (definition.noNewPrivileges) {
    return { rights: [capabilities, { op: 'noNewPrivileges', from: 'noNewPrivileges()' }], filters: filter };
  }
  if (filter.length === 0) return { rights: [capabilities], filters: [] };
  // A filter could mislead a set-user-id program, so the kernel wants CAP_SYS_ADMIN of who loads it. It is loaded while
  // that is held; then the capabilities go. seccomp(2)
  return { rights: [], filters: [{ op: 'setCapabilities', ...LOADING, from: 'seccomp()' }, ...filter, capabilities] };
}

const EVERY = Object.keys(CAPABILITIES) as readonly Capability[];
/** Nothing is taken away for good yet. */
const LOADING: CapabilitySets = {
  bounding: EVERY,
  effective: ['CAP_SYS_ADMIN'],
  permitted: EVERY,
  inheritable: [],
  ambient: [],
};

/** The most that any program of a container can have. */
export function boundingSet({ capabilities }: ContainerDefinition): readonly Capability[] {
  return 'bounding' in capabilities ? capabilities.bounding : capabilities;
}

function setsOf({ capabilities }: ContainerDefinition, { uid }: { readonly uid: number }): CapabilitySets {
  if ('bounding' in capabilities) return capabilities;
  // Only root gets any: for others the list is the most that a file with capabilities could give them. capabilities(7)
  const held = uid === 0 ? capabilities : [];
  // Inheritable and ambient empty, or every program with inheritable file capabilities would gain. CVE-2022-29162
  return { bounding: capabilities, effective: held, permitted: held, inheritable: [], ambient: [] };
}
