/**
 * Egress by name: a second network beside the container's, in which nobody is. Node has its sockets: it answers for
 * names there, and relays what is allowed. The container has no other route.
 *
 * ```
 * container's network                     gateway, which nobody is in
 * lo                                      lo    takes every address below as its own
 * eth0 198.18.0.2 ───────── cable ─────── gate0 198.18.0.1   resolver: port 53
 * routes: 198.18.0.0/15, fd63:…6c00::/64, and the listed addresses; no other
 * ```
 */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Host } from '../host/facts.js';
import { addressText } from '../plan/addresses.js';
import { GATEWAY, NAMES, type Side } from '../plan/egress-addresses.js';
import { type AddressRule, portsOf, rulesOf } from '../plan/egress-list.js';
import type { ContainerStep } from '../plan/steps.js';
import { egressList } from './network.js';
import type { Slots } from './slots.js';

export interface EgressPlan {
  readonly steps: readonly ContainerStep[];
  /** What Node gets: its sockets there and, of a container that stays, the network itself. */
  readonly given: readonly number[];
}

const NONE: EgressPlan = { steps: [], given: [] };
const from = 'network()';
const OUTER = 'gate0';
const INNER = 'eth0';
/** What the kernel keeps of a connection in each direction. It is more than a cable inside a machine needs. */
const BUFFER_BYTES = 256 * 1024;
/** The resolver's, also by TCP. RFC 7766 */
export const DNS_PORT = 53;

/** `stays`: the list may change later. */
export function planEgress(definition: ContainerDefinition, host: Host, slots: Slots, stays: boolean): EgressPlan {
  const egress = egressList(definition.network);
  if (egress === undefined || !definition.namespaces.includes('network')) return NONE;
  if (egress.allow.length === 0 && !stays) return NONE;
  const [gateway, own] = [slots.add('gateway'), slots.add('network of the container')];
  const ports = portsOf(egress.allow).filter((port) => port !== DNS_PORT);
  const sockets = socketSteps([DNS_PORT, ...ports], host, slots);
  const resolver = slots.add('resolver');
  const ranges = rangesOf(egress.allow, host);
  const names = NAMES.filter(({ family }) => hasFamily(host, family));
  const sides = GATEWAY.filter(({ family }) => hasFamily(host, family));
  return {
    steps: [
      { op: 'newNetwork', slot: gateway, left: own, from },
      { op: 'linkUp', name: 'lo', from },
      { op: 'addVeth', name: OUTER, peer: INNER, network: own, from },
      { op: 'linkUp', name: OUTER, from },
      ...addressSteps(sides, OUTER, 'outer'),
      ...[...names, ...ranges].map((range) => gatewayRoute(range)),
      ...sockets,
      { op: 'bindUdp', slot: resolver, address: sides[0]?.outer ?? '', port: DNS_PORT, from },
      { op: 'setns', slot: own, type: 'network', from },
      { op: 'linkUp', name: INNER, from },
      ...addressSteps(sides, INNER, 'inner'),
      ...[...names, ...ranges].map((range) => innerRoute(range, sides)),
    ],
    given: [resolver, ...sockets.map(({ slot }) => slot), ...(stays ? [gateway] : [])],
  };
}

/** Addresses of one family that begin with the same bits. */
export interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The addresses that a list names, each range once. */
export function rangesOf(allow: readonly string[], host: Host): readonly Range[] {
  const ranges = rulesOf(allow)
    .filter((rule): rule is AddressRule => rule.kind === 'address')
    .map(({ bytes, prefix }): Range => {
      return { address: addressText(bytes), prefix, family: bytes.length === 4 ? 'ipv4' : 'ipv6' };
    });
  const keys = ranges.map(({ address, prefix }) => `${address}/${prefix}`);
  return ranges.filter(({ family }, index) => hasFamily(host, family) && keys.indexOf(keys[index] ?? '') === index);
}

/** One for each port, at every address that leads there. */
export function socketSteps(
  ports: readonly number[],
  host: Host,
  slots: Slots,
): readonly Extract<ContainerStep, { readonly op: 'listenTcp' }>[] {
  return ports.map((port) => ({
    op: 'listenTcp',
    slot: slots.add(`port ${port}`),
    family: host.ipv6 === true ? 'ipv6' : 'ipv4',
    port,
    backlog: 511,
    bufferBytes: BUFFER_BYTES,
    from,
  }));
}

/** In the gateway, every address of the range is its own. */
export function gatewayRoute({ address, prefix }: Range): ContainerStep {
  return { op: 'addRoute', name: 'lo', type: 'local', destination: address, prefix, from };
}

/** In the container, they are behind the cable. */
export function innerRoute({ address, prefix, family }: Range, sides: readonly Side[] = GATEWAY): ContainerStep {
  const gateway = sides.find((side) => side.family === family)?.outer;
  return { op: 'addRoute', name: INNER, type: 'unicast', destination: address, prefix, gateway, from };
}

/** The opposite of either. */
export function withoutRoute(step: ContainerStep): ContainerStep {
  if (step.op !== 'addRoute') return step;
  const { name, type, destination, prefix } = step;
  return { op: 'removeRoute', name, type, destination, prefix, from };
}

function addressSteps(sides: readonly Side[], name: string, end: 'outer' | 'inner'): readonly ContainerStep[] {
  return sides.map(({ prefix, ...side }) => ({ op: 'addAddress', name, address: side[end], prefix, from }));
}

function hasFamily(host: Host, family: Range['family']): boolean {
  return family === 'ipv4' || host.ipv6 === true;
}
