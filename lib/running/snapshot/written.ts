/** What a container has written: where, and by which descriptors. */

import type { IdPlan } from '../../compile/ids.js';
import { type WrittenPlace, writtenPlaces } from '../../compile/places.js';
import type { ContainerDefinition } from '../../definition/definition.js';
import type { JoinedNamespace } from '../../definition/namespaces.js';
import { contradiction, hasEnded } from '../../errors/errors.js';
import { PLACES_MAX } from '../../plan/messages.js';
import type { GivenDescriptor, Supervision } from '../supervision.js';

/** What of a container can be kept, or compared. */
export interface Written {
  readonly definition: ContainerDefinition;
  readonly supervision: Supervision;
  readonly ids: IdPlan;
  /** The user namespace that its mounts belong to; `undefined`: this process's. */
  readonly user: JoinedNamespace | undefined;
}

/** The places that it writes to, and the descriptor of each. `what`: who asks. */
export function givenPlaces(
  { definition, supervision }: Written,
  what: string,
): { readonly places: readonly WrittenPlace[]; readonly given: readonly GivenDescriptor[] } {
  const places = writtenPlaces(definition);
  // Each is a descriptor, and a start gives a bounded number of them.
  if (places.length > PLACES_MAX)
    throw contradiction(
      `${what}: the container writes to ${places.length} places, and up to ${PLACES_MAX} can be kept`,
    );
  const given = supervision.isOver ? undefined : supervision.state.command?.given;
  if (given === undefined) throw hasEnded(what);
  // Behind the namespaces.
  return { places, given: places.length === 0 ? [] : given.slice(-places.length) };
}
