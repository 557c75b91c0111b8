/** What a container has given Node: what commands that enter it follow from, and servers of its files. */

import { userOf } from '../compile/caller.js';
import { type IdPlan, planIds, RANGE_FIRST } from '../compile/ids.js';
import { withSharedUser } from '../compile/network.js';
import { boundingSet } from '../compile/security.js';
import { type Served, servedBy } from '../compile/serve.js';
import { identify } from '../compile/users.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { NamedUser, User } from '../definition/user.js';
import { inquire } from '../host/inquiry.js';
import { type GivenNamespaces, givenNamespaces } from './given.js';
import type { Supervision } from './supervision.js';

export interface Given extends GivenNamespaces {
  readonly ids: IdPlan;
  /** What its files are to `user`. */
  readonly served: Served;
}

/** Of a container that was made by `definition`, and runs, or has given all of this to be kept. */
export function givenBy(definition: ContainerDefinition, asked: User | NamedUser, supervision: Supervision): Given {
  const { host, users } = inquire(definition, asked, undefined);
  const user = identify(userOf(definition, asked, host), users);
  const first = supervision.settlement.move?.to ?? RANGE_FIRST;
  const ids = planIds(withSharedUser(definition, host), user, host, { first });
  const { own, outer } = givenNamespaces(supervision);
  const { umask } = definition;
  const served = { namespaces: servedBy(own, outer), ids, user, capabilities: boundingSet(definition), umask };
  return { own, outer, ids, served };
}
