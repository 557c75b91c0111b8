/** Rights that are taken away, right before exec. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { User } from '../definition/user.js';
import type { ContainerStep } from '../plan/steps.js';

export function dropRights(definition: ContainerDefinition, user: User): readonly ContainerStep[] {
  // Only root gets any: for others the list is the most that a file with capabilities could give them. capabilities(7)
  const held = user.uid === 0 ? definition.capabilities : [];
  return [
    {
      op: 'setCapabilities',
      bounding: definition.capabilities,
      effective: held,
      permitted: held,
      // Empty, or every program with inheritable file capabilities would gain. CVE-2022-29162
      inheritable: [],
      ambient: [],
      from: 'capabilities()',
    },
    ...(definition.noNewPrivileges ? ([{ op: 'noNewPrivileges', from: 'noNewPrivileges()' }] as const) : []),
  ];
}
