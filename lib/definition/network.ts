/** Which network a container has: a word for what its namespaces say. */

import { contradiction } from '../errors/errors.js';
import type { Namespace } from '../plan/constants.js';
import { oneOf } from './checks.js';
import type { JoinedNamespace } from './namespaces.js';

/** `'none'`: a loopback interface of its own and no other. `'host'`: the host's. */
export type Network = 'none' | 'host';

type Entries = readonly (Namespace | JoinedNamespace)[];

export function checkNetwork(value: unknown): Network {
  return oneOf('network', value, ['none', 'host']) as Network;
}

/** The namespaces that `network` stands for: `'none'` has the network among them, `'host'` has not. */
export function withNetwork(namespaces: Entries, network: Network): Entries {
  const others = namespaces.filter((entry) => entry !== 'network');
  if (network === 'host') return others;
  return others.length < namespaces.length ? namespaces : [...namespaces, 'network'];
}

/** The one must say what the other says. */
export function checkNetworkNamespace(namespaces: Entries, network: Network | undefined): void {
  if (network === undefined) return;
  if (namespaces.some((entry) => typeof entry !== 'string' && entry.type === 'network')) {
    throw contradiction(`network('${network}') and a joined network namespace exclude each other`);
  }
  if (network === 'host' && namespaces.includes('network')) {
    throw contradiction(`network('host') and "network" among the namespaces exclude each other`);
  }
  if (network === 'none' && !namespaces.includes('network')) {
    throw contradiction(`network('none') needs "network" among the namespaces, new and not joined`);
  }
}
