/** The sockets that a container gives Node of the network beside it, by what its plan says of each. */

import type { EgressSockets } from './egress/egress.js';
import type { Supervision } from './supervision.js';

/** `undefined` where it has none. */
export function egressSockets({ plan, state }: Pick<Supervision, 'plan' | 'state'>): EgressSockets | undefined {
  const slots = plan.steps.flatMap((step) => (step.op === 'give' ? step.slots : []));
  const given = state.command?.given ?? [];
  const at = (slot: number): number => given[slots.indexOf(slot)]?.descriptor ?? -1;
  const resolver = plan.steps.find((step) => step.op === 'bindUdp');
  if (resolver?.op !== 'bindUdp') return undefined;
  const listening = plan.steps.flatMap((step) => (step.op === 'listenTcp' ? [step] : []));
  return {
    resolver: at(resolver.slot),
    ports: new Map(listening.map(({ port, slot }) => [port, at(slot)])),
    hasIpv6: listening.some(({ family }) => family === 'ipv6'),
  };
}
