/** Which network a container has: a word for what its namespaces say, or a container whose network it joins. */

import { contradiction, invalidType, invalidValue } from '../errors/errors.js';
import type { Capability, Namespace } from '../plan/constants.js';
import { RESOLVER } from '../plan/egress-addresses.js';
import { array, boolean, object, oneOf, text } from './checks.js';
import { checkEgress, checkEgressNamespaces, type EgressList } from './egress.js';
import { isAddress } from './hosts.js';
import {
  checkRunning,
  checkRuns,
  type InNamespaces,
  type JoinedNamespace,
  type NamespaceHandle,
} from './namespaces.js';

/**
 * `'none'`: a loopback interface of its own and no other. `'host'`: the host's. `'outbound'`: a loopback of its own,
 * and a way out for everything.
 */
export type Network = 'none' | 'host' | 'outbound';

/** The network of a container that runs, as plain data: what `network(container)` makes of it. */
export interface JoinedNetwork {
  readonly namespaces: {
    readonly network: NamespaceHandle;
    /** The user namespace that the container is in. */
    readonly user: NamespaceHandle;
  };
  /** Addresses of who resolves names in it, where carrel has told that container of some. */
  readonly nameservers?: readonly string[];
  /** It is that of a container with `network('outbound')`: names are asked for as there. */
  readonly outbound?: true;
}

/** What {@link Container.network} takes: a word, what may be reached, or a container that runs. */
export type NetworkInput = Network | EgressList | InNamespaces | JoinedNetwork;

/** The same, checked. */
export type NetworkChoice = Network | EgressList | JoinedNetwork;

type Entries = readonly (Namespace | JoinedNamespace)[];

export function checkNetwork(value: unknown): NetworkChoice {
  if (typeof value === 'string') return oneOf('network', value, ['none', 'host', 'outbound']) as Network;
  if (value !== null && typeof value === 'object' && 'allow' in value && !('namespaces' in value))
    return checkEgress(value);
  if (value === null || typeof value !== 'object' || !('namespaces' in value) || Array.isArray(value))
    throw invalidType(
      'network',
      '"none", "host", "outbound", { allow: ["name:port"] }, or a container that runs',
      value,
    );
  checkRuns('network()', value);
  const { namespaces } = value;
  if (namespaces !== undefined) object('network.namespaces', namespaces);
  const handles = namespaces as JoinedNetwork['namespaces'] | undefined;
  return {
    namespaces: {
      network: checkRunning('network.namespaces.network', handles?.network),
      user: checkRunning('network.namespaces.user', handles?.user),
    },
    ...namesOf(value),
  };
}

/** Who resolves names there: of a container that runs, or of what was made of it. */
function namesOf(value: object): Pick<JoinedNetwork, 'nameservers' | 'outbound'> {
  if ('nameservers' in value) {
    const given = array('network.nameservers', value.nameservers);
    return { nameservers: given.map((one, index) => checkAddress(`network.nameservers[${index}]`, one)) };
  }
  if ('outbound' in value) return boolean('network.outbound', value.outbound) ? { outbound: true } : {};
  const container = 'container' in value ? (value.container as { toJSON?(): object } | undefined) : undefined;
  const { network } = (container?.toJSON?.() ?? {}) as { readonly network?: NetworkChoice };
  if (network === 'outbound') return { outbound: true };
  if (network === undefined || typeof network === 'string') return {};
  return 'allow' in network ? { nameservers: [RESOLVER] } : namesOf(network);
}

function checkAddress(name: string, value: unknown): string {
  const address = text(name, value);
  if (!isAddress(address)) throw invalidValue(name, 'an address, such as "192.0.2.1"', value);
  return address;
}

/** The namespaces that `network` stands for, where it has been `was` until now. */
export function withNetwork(namespaces: Entries, network: NetworkChoice, was?: NetworkChoice): Entries {
  const before = isJoined(was) ? namespaces.filter((entry) => !isEntryOf(entry, was)) : namespaces;
  const others = before.filter((entry) => entry !== 'network');
  if (isJoined(network)) return [...others.filter((entry) => !isEntryOf(entry, network)), entryOf(network)];
  if (network === 'host') return others;
  return others.length < before.length ? before : [...before, 'network'];
}

/** The namespaces with the network that is joined, where they say nothing of any. */
export function withJoinedNetwork(namespaces: Entries, network: JoinedNetwork): Entries {
  return namespaces.some((entry) => typeOf(entry) === 'network') ? namespaces : [...namespaces, entryOf(network)];
}

/** The one must say what the other says. */
export function checkNetworkNamespace(namespaces: Entries, network: NetworkChoice | undefined): void {
  if (network === undefined) return;
  if (typeof network === 'object' && 'allow' in network) {
    checkEgressNamespaces(namespaces);
    return;
  }
  if (isJoined(network)) {
    if (namespaces.some((entry) => isEntryOf(entry, network))) return;
    throw contradiction('network(container) and another network among the namespaces exclude each other');
  }
  if (namespaces.some((entry) => typeof entry !== 'string' && entry.type === 'network')) {
    throw contradiction(`network('${network}') and a joined network namespace exclude each other`);
  }
  if (network === 'host' && namespaces.includes('network')) {
    throw contradiction(`network('host') and "network" among the namespaces exclude each other`);
  }
  if (network !== 'host' && !namespaces.includes('network')) {
    throw contradiction(`network('${network}') needs "network" among the namespaces, new and not joined`);
  }
}

/** Whether it is another container's. */
export function isJoined(network: NetworkChoice | undefined): network is JoinedNetwork {
  return typeof network === 'object' && 'namespaces' in network;
}

function typeOf(entry: Namespace | JoinedNamespace): Namespace {
  return typeof entry === 'string' ? entry : entry.type;
}

function entryOf({ namespaces: { network } }: JoinedNetwork): JoinedNamespace {
  return { type: 'network', ...network };
}

function isEntryOf(entry: Namespace | JoinedNamespace, { namespaces: { network } }: JoinedNetwork): boolean {
  return typeof entry !== 'string' && entry.type === 'network' && entry.inode === network.inode;
}

/** What sends whatever it likes by an interface, or changes where it leads to. */
const SENDING: readonly Capability[] = ['CAP_NET_ADMIN', 'CAP_NET_RAW'];

/**
 * The programs that make a way out take what comes by their interface for what it says it is. In 2023 they carried
 * packets for 127.0.0.1 to the host's.
 */
export function checkOutboundCapabilities(network: unknown, bounding: readonly Capability[]): void {
  const sending = SENDING.filter((name) => bounding.includes(name));
  if (network !== 'outbound' || sending.length === 0) return;
  throw contradiction(
    `network('outbound') and ${sending.join(', ')} among the capabilities exclude each other: by its own packets a ` +
      'program would reach the loopback of the host',
  );
}
