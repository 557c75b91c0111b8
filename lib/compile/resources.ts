/** What the container's processes may use, and how they stand to others. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { LimitValue, ResourceLimit, ResourceLimits } from '../definition/rlimits.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { Resource } from '../plan/constants.js';
import type { HostStep, StepOf } from '../plan/steps.js';
import type { FramedCommand } from './command.js';
import { canMapRange } from './ids.js';

/** For the command, and all that comes of it. */
export function limitResources(
  definition: ContainerDefinition,
  command: FramedCommand,
  implied: ResourceLimits,
): readonly StepOf<'setRlimit'>[] {
  return entries({ ...implied, ...definition.rlimits, ...command.rlimits }).map(([resource, limit]) =>
    setRlimit(resource, limit),
  );
}

/**
 * Hard limits that are above the caller's. Only the supervisor can raise them: a capability in a user namespace does
 * not count. The soft ones stay, for the steps of the set-up. Where the caller cannot either, the kernel refuses the
 * command's own step. prlimit(2)
 */
export function raiseLimits(definition: ContainerDefinition, command: FramedCommand, host: Host): readonly HostStep[] {
  if (!hasCapability(host, 'CAP_SYS_RESOURCE') || !canMapRange(host)) return [];
  return limits(definition, command).flatMap(([resource, { hard }]) => {
    const now = host.rlimits[resource];
    return now !== undefined && size(hard) > size(now.hard) ? [setRlimit(resource, { soft: now.soft, hard })] : [];
  });
}

/** Acts on the child before it forks init: they hold for all of the container, and favours are the host's to give. */
export function schedule({ nice, oomScoreAdj }: ContainerDefinition): readonly HostStep[] {
  return [
    ...(nice === undefined ? [] : [{ op: 'setPriority', nice, from: 'nice()' } as const]),
    ...(oomScoreAdj === undefined
      ? []
      : [{ op: 'setOomScoreAdj', adjustment: oomScoreAdj, from: 'oomScoreAdj()' } as const]),
  ];
}

/** Each of the command's own overrides the container's limit of the same name. */
function limits(
  { rlimits }: ContainerDefinition,
  command: FramedCommand,
): readonly (readonly [Resource, ResourceLimit])[] {
  return entries({ ...rlimits, ...command.rlimits });
}

function entries(limits: ResourceLimits): readonly (readonly [Resource, ResourceLimit])[] {
  return Object.entries(limits) as [Resource, ResourceLimit][];
}

const size = (limit: LimitValue): number => (limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit);

function setRlimit(resource: Resource, { soft, hard }: ResourceLimit): StepOf<'setRlimit'> {
  return { op: 'setRlimit', resource, ...bound('soft', soft), ...bound('hard', hard), from: 'rlimits()' };
}

function bound<Name extends 'soft' | 'hard'>(name: Name, value: LimitValue): { readonly [N in Name]?: number } {
  return (value === 'unlimited' ? {} : { [name]: value }) as { readonly [N in Name]?: number };
}
