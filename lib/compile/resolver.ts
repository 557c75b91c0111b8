/** Whom a container asks for names: the host's resolvers in its network, or those that carrel names. resolv.conf(5) */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Host, HostPath } from '../host/facts.js';
import { RESOLVER } from '../plan/egress-addresses.js';
import { HOSTS_FILE, isWithin, RESOLVER_FILE } from '../plan/paths.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { hostsOfHost } from './names.js';
import { egressList, hasOwnNames, joinedNetwork } from './network.js';
import { resolverOf } from './outbound-resolver.js';

export interface Resolver {
  /** Addresses, in the order in which they are asked. */
  readonly nameservers: readonly string[];
  /** More lines: `search …`, `options …`. */
  readonly lines?: readonly string[];
}

/**
 * The file of a container with this resolver; none where a mount of the caller's has it, or where the files are the
 * host's. It is in memory, and read-only over one that is there. A link is followed inside, and one that leads nowhere
 * is replaced: images have some to what systemd-resolved writes.
 */
export function resolverFile(
  { namespaces, mounts }: ContainerDefinition,
  { nameservers, lines = [] }: Resolver,
): readonly StepOf<'file'>[] {
  if (!namespaces.includes('mount')) return [];
  if (mounts.some(({ target }) => target !== '/' && isWithin(RESOLVER_FILE, target))) return [];
  const text = [...nameservers.map((address) => `nameserver ${address}`), ...lines].join('\n');
  const content = new TextEncoder().encode(`${text}\n`);
  return [{ op: 'file', target: RESOLVER_FILE, mode: 0o644, content, from: 'network()' }];
}

/** Of a container whose way out carrel makes, or that joins the network of such a one. */
export function ownResolver(definition: ContainerDefinition, { outbound }: Host): readonly ContainerStep[] {
  const { network } = definition;
  const joined = joinedNetwork(network);
  if (network === 'outbound' || joined?.outbound === true)
    return outbound === undefined ? [] : resolverFile(definition, resolverOf(outbound));
  const nameservers = egressList(network) === undefined ? joined?.nameservers : [RESOLVER];
  return nameservers === undefined ? [] : resolverFile(definition, { nameservers });
}

/** In the host's network, without a root filesystem: names are resolved as the host does. */
export function resolversOfHost(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  if (hasOwnNames(definition)) return [];
  const isNamed = hostsOfHost(definition, host) !== undefined;
  return host.resolver.filter((entry) => !(isNamed && isHosts(entry))).map(bound);
}

function bound(entry: HostPath): ContainerStep {
  return {
    op: 'bind',
    source: entry.path,
    target: isHosts(entry) ? HOSTS_FILE : RESOLVER_FILE,
    attributes: ['readonly', 'nosuid', 'nodev'],
    recursive: true,
    create: true,
    from: 'namespaces()',
  };
}

function isHosts({ path }: HostPath): boolean {
  return path.endsWith('hosts');
}
