/** Rights that are taken away, right before exec. */

import type { CapabilitySets } from '../definition/capabilities.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { Capability } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';

export function dropRights(definition: ContainerDefinition, user: { readonly uid: number }): readonly ContainerStep[] {
  return [
    { op: 'setCapabilities', ...setsOf(definition, user), from: 'capabilities()' },
    ...(definition.noNewPrivileges ? ([{ op: 'noNewPrivileges', from: 'noNewPrivileges()' }] as const) : []),
  ];
}

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
