/** The network of another container that is joined: by whom, and in which user namespace. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { EgressList } from '../definition/egress.js';
import type { JoinedNetwork, NetworkChoice } from '../definition/network.js';
import { contradiction } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import { canMapRange } from './ids.js';
import { boundingSet } from './security.js';

/** The network of another container, if it is that. */
export function joinedNetwork(network: NetworkChoice | undefined): JoinedNetwork | undefined {
  return typeof network === 'object' && 'namespaces' in network ? network : undefined;
}

/** What may be reached from it, if a list says that. */
export function egressList(network: NetworkChoice | undefined): EgressList | undefined {
  return typeof network === 'object' && 'allow' in network ? network : undefined;
}

/** Whether names are those of a network that is not the host's: one of its own, or another container's. */
export function hasOwnNames({ namespaces, network }: ContainerDefinition): boolean {
  return namespaces.includes('network') || joinedNetwork(network) !== undefined;
}

/**
 * The definition with the user namespace that it has in the network of another container. Root joins the network with
 * rights of the host's, and the container has a user namespace and ids of its own. Nobody else has rights over the
 * network but in the other's user namespace. A second one within that cannot be: carrel lets nobody make any there, by
 * `user.max_user_namespaces`, which holds for all that is in it. setns(2), namespaces(7)
 */
export function withSharedUser(definition: ContainerDefinition, host: Host): ContainerDefinition {
  const { namespaces, idmap } = definition;
  const network = joinedNetwork(definition.network);
  if (network === undefined || canMapRange(host) || !namespaces.includes('user')) return definition;
  const why = 'an ordinary user’s container in the network of another one is in its user namespace';
  if (idmap !== 'auto') throw contradiction(`${why}, and has its ids: leave idmap() to the other one`);
  // The kernel locks mounts only where they are copied into another user namespace.
  if (boundingSet(definition).includes('CAP_SYS_ADMIN'))
    throw contradiction(`${why}, where nothing keeps mounts from CAP_SYS_ADMIN: leave it out of capabilities()`);
  const user = { type: 'user', ...network.namespaces.user } as const;
  return { ...definition, namespaces: namespaces.map((entry) => (entry === 'user' ? user : entry)) };
}
