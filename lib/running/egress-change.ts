/** Changes what a running container may reach. */

import { type ChangedEgress, planEgressChange } from '../compile/egress-change.js';
import { egressList } from '../compile/network.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { checkAllow } from '../definition/egress.js';
import type { JoinedNamespace } from '../definition/namespaces.js';
import { contradiction, hasEnded } from '../errors/errors.js';
import { probe } from '../host/probe.js';
import { monotonicNs } from '../launch/clock.js';
import { native } from '../launch/native.js';
import type { Plan } from '../plan/plan.js';
import { perform } from './perform.js';
import type { Supervision } from './supervision.js';

export class EgressChange {
  readonly #supervision: Supervision;
  readonly #where: Omit<ChangedEgress, 'gateway'> | undefined;
  /** The list that holds. */
  #allow: readonly string[];
  /** Changes are made one after the other. */
  #last: Promise<void> = Promise.resolve();

  /** @param namespaces Those that the container has given; `outer` is around its user namespace, if it has two. */
  constructor(
    definition: ContainerDefinition,
    supervision: Supervision,
    namespaces: readonly JoinedNamespace[],
    outer: JoinedNamespace | undefined,
  ) {
    const list = egressList(definition.network);
    const network = namespaces.find(({ type }) => type === 'network');
    const user = outer ?? namespaces.find(({ type }) => type === 'user');
    this.#supervision = supervision;
    this.#allow = list?.allow ?? [];
    this.#where = list === undefined || network === undefined ? undefined : { user, network };
  }

  /** Has `value` hold instead. Where the kernel refuses it, the list is what it was. */
  allow(value: unknown): Promise<void> {
    const next = checkAllow('list', value);
    const where = this.#where;
    if (where === undefined)
      throw contradiction('allow() takes a container that was started with network({ allow }), if with an empty list');
    const change = this.#last.then(() => this.#change(where, next));
    this.#last = change.catch(() => {});
    return change;
  }

  async #change(where: Omit<ChangedEgress, 'gateway'>, next: readonly string[]): Promise<void> {
    const { outside, isOver } = this.#supervision;
    const { network: gateway, ports } = outside;
    if (isOver || gateway === undefined) throw hasEnded('allow()');
    const lists = { now: this.#allow, next, open: ports };
    const plan = planEgressChange({ ...where, gateway }, lists, probe());
    // What is cut off is told so as long as there is a route.
    await outside.replace(next);
    try {
      const made = plan === undefined ? undefined : await socketsMadeBy(plan);
      if (made !== undefined) this.#listen(made);
      this.#allow = next;
    } catch (error) {
      await outside.replace(this.#allow);
      throw error;
    }
  }

  #listen(made: ReadonlyMap<number, number>): void {
    if (!this.#supervision.isOver) {
      this.#supervision.outside.listen(made);
      return;
    }
    for (const descriptor of made.values()) native().closeHeld(descriptor);
    throw hasEnded('allow()');
  }
}

/** Performs a plan, and gives the sockets that it has made, by their ports. They are the caller's, and held. */
async function socketsMadeBy(plan: Plan): Promise<ReadonlyMap<number, number>> {
  const asked = { stdio: [], signal: undefined, hooks: [], calledNs: monotonicNs(), collects: true } as const;
  const { supervision } = perform(plan, asked);
  try {
    await supervision.ended;
    const given = supervision.state.command?.given ?? [];
    const ports = plan.steps.flatMap((step) => (step.op === 'listenTcp' ? [step.port] : []));
    return new Map(ports.map((port, index) => [port, heldCopy(given[index]?.descriptor ?? -1)]));
  } finally {
    supervision.letGo();
  }
}

function heldCopy(descriptor: number): number {
  const copy = native().duplicate(descriptor);
  native().hold(copy);
  return copy;
}
