/** The plan by which a running container’s list of what it may reach becomes another one. Pure. */

import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Host } from '../host/facts.js';
import { portsOf } from '../plan/egress-list.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { DNS_PORT, gatewayRoute, innerRoute, type Range, rangesOf, socketSteps, withoutRoute } from './egress.js';
import { canMapRange } from './ids.js';
import { ownPlan } from './own-plan.js';
import { Slots } from './slots.js';

/** Where the change is made. */
export interface ChangedEgress {
  /** The user namespace that both networks belong to, or one above; `undefined`: the host's. */
  readonly user: JoinedNamespace | undefined;
  readonly network: JoinedNamespace;
  readonly gateway: JoinedNamespace;
}

/**
 * It adds what is missing and takes away what is left over, from `now` to `next`; ports in `open` are listened to
 * already. `undefined` where the kernel has nothing to do.
 */
export function planEgressChange(
  { user, network, gateway }: ChangedEgress,
  lists: { readonly now: readonly string[]; readonly next: readonly string[]; readonly open: ReadonlySet<number> },
  host: Host,
): Plan | undefined {
  const slots = new Slots();
  const places = [...(user === undefined ? [] : [user]), gateway, network].map((joined) => ({
    joined,
    slot: slots.add(`${joined.type} namespace`),
  }));
  const slotOf = (one: JoinedNamespace): number => places.find(({ joined }) => joined === one)?.slot ?? 0;
  const [now, next] = [rangesOf(lists.now, host), rangesOf(lists.next, host)];
  const added = without(next, now);
  const removed = without(now, next);
  const ports = portsOf(lists.next).filter((port) => port !== DNS_PORT && !lists.open.has(port));
  const sockets = socketSteps(ports, host, slots);
  if (added.length + removed.length + sockets.length === 0) return undefined;
  const changes = (route: (range: Range) => ContainerStep): readonly ContainerStep[] => [
    ...added.map((range) => route(range)),
    ...removed.map((range) => withoutRoute(route(range))),
  ];
  const from = 'allow()';
  const setns = (one: JoinedNamespace) => ({ op: 'setns', slot: slotOf(one), type: one.type, from }) as const;
  // As with servers: compile/join.ts says why the groups go first.
  const groups: readonly HostStep[] =
    user !== undefined && canMapRange(host) ? [{ op: 'setGroups', groups: [], from }] : [];
  const before: readonly HostStep[] = [
    ...places.map(({ joined: { type, path, inode }, slot }): HostStep => {
      return { op: 'openNamespace', slot, path, type, inode, from };
    }),
    ...groups,
    ...(user === undefined ? [] : [setns(user)]),
  ];
  const given = sockets.map(({ slot }) => slot);
  const steps: readonly ContainerStep[] = [
    setns(gateway),
    ...changes(gatewayRoute),
    ...sockets,
    setns(network),
    ...changes(innerRoute),
    ...(given.length > 0 ? [{ op: 'give', slots: given, from } as const] : []),
    { op: 'exit', status: 0 },
  ];
  return ownPlan(slots, before, steps);
}

function without(ranges: readonly Range[], others: readonly Range[]): readonly Range[] {
  return ranges.filter(
    ({ address, prefix }) => !others.some((other) => other.address === address && other.prefix === prefix),
  );
}
