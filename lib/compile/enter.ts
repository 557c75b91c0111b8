/** The definition of a command that enters a container that stays: it makes nothing, and has no more rights. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { JoinedNamespace } from '../definition/namespaces.js';
import type { EnteredCgroups } from './cgroups.js';
import type { IdPlan } from './ids.js';

/** A container that a command enters. */
export interface Entered {
  /** Whose ids are whose in it. */
  readonly ids: IdPlan;
  /** The user namespace around its own, to which its pid namespace belongs: where its mounts are locked. locks.ts */
  readonly outer?: JoinedNamespace | undefined;
  /** Where its processes are counted and limited, where it has limits. */
  readonly cgroups?: EnteredCgroups | undefined;
}

/**
 * What is one container's alone is left out: its mounts, names and settings are there. User, environment, directory,
 * limits of processes, capabilities and filters are the container's.
 */
export function entering(definition: ContainerDefinition, namespaces: readonly JoinedNamespace[]): ContainerDefinition {
  const { limits: _limits, network: _network, ...rest } = definition;
  return Object.freeze({
    ...rest,
    namespaces: Object.freeze(namespaces),
    timeOffsets: {},
    idmap: 'auto',
    publish: [],
    sysctl: {},
    steps: [],
  });
}
