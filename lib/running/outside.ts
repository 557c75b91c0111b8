/** What a container has to do with the world outside, as far as Node has a hand in it. */

import type { Plan } from '../plan/plan.js';
import type { Connection } from './egress/connection.js';
import type { Egress, EgressSockets } from './egress/egress.js';
import { openEgress } from './egress.js';
import type { Listed } from './result.js';

/** The container has a list of what it may reach, or Node has nothing to do. */
export class Outside {
  readonly #egress: Egress | undefined;

  /** @param tell Is told of each attempt. */
  constructor(allow: readonly string[] | undefined, tell: (connection: Connection) => void) {
    this.#egress = allow === undefined ? undefined : openEgress(allow, tell);
  }

  /** The attempts until now. */
  get connections(): Listed<Connection> | undefined {
    return this.#egress?.connections;
  }

  /** The container runs, and has given what its plan says. */
  begin(plan: Plan, given: readonly { readonly descriptor: number }[]): void {
    const sockets = socketsOf(plan, given);
    if (sockets !== undefined) this.#egress?.begin(sockets);
  }

  /** The container has ended: `then` is called when what was said inside last is out. Gives whether that is later. */
  carry(then: () => void): boolean {
    if (this.#egress === undefined) {
      then();
      return false;
    }
    // What a listener throws is the caller's uncaught exception, and no rejection of this promise.
    void this.#egress.over().then(() => queueMicrotask(then));
    return true;
  }

  /** Nothing is carried any more. */
  end(): void {
    void this.#egress?.over();
  }
}

/** The sockets that a container gives of the network beside it; `undefined` where it has none. */
function socketsOf({ steps }: Plan, given: readonly { readonly descriptor: number }[]): EgressSockets | undefined {
  const slots = steps.flatMap((step) => (step.op === 'give' ? step.slots : []));
  const at = (slot: number): number => given[slots.indexOf(slot)]?.descriptor ?? -1;
  const [resolver] = steps.flatMap((step) => (step.op === 'bindUdp' ? [step.slot] : []));
  if (resolver === undefined) return undefined;
  const listening = steps.flatMap((step) => (step.op === 'listenTcp' ? [step] : []));
  return {
    resolver: at(resolver),
    ports: new Map(listening.map(({ port, slot }) => [port, at(slot)])),
    hasIpv6: listening.some(({ family }) => family === 'ipv6'),
  };
}
