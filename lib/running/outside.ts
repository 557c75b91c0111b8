/** What a container has to do with the world outside, as far as Node has a hand in it. */

import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Plan } from '../plan/plan.js';
import type { Connection } from './egress/connection.js';
import type { Egress, EgressSockets } from './egress/egress.js';
import { openEgress } from './egress.js';
import type { Listed } from './result.js';

/** A descriptor that the container has given, and its number. */
interface Given {
  readonly descriptor: number;
  readonly inode: number;
}

/** The container has a list of what it may reach, or Node has nothing to do. */
export class Outside {
  readonly #egress: Egress | undefined;
  #network: JoinedNamespace | undefined;

  /** @param tell Is told of each attempt. */
  constructor(allow: readonly string[] | undefined, tell: (connection: Connection) => void) {
    this.#egress = allow === undefined ? undefined : openEgress(allow, tell);
  }

  /** The attempts until now. */
  get connections(): Listed<Connection> | undefined {
    return this.#egress?.connections;
  }

  /** The network beside the container's, where it stays: in which its sockets are. */
  get network(): JoinedNamespace | undefined {
    return this.#network;
  }

  /** The ports of it that are listened to. */
  get ports(): ReadonlySet<number> {
    return this.#egress?.ports ?? new Set();
  }

  /** The container runs, and has given what its plan says. */
  begin(plan: Plan, given: readonly Given[]): void {
    const sockets = this.#egress === undefined ? undefined : socketsOf(plan, given);
    if (sockets === undefined) return;
    this.#network = networkOf(plan, given);
    this.#egress?.begin(sockets);
  }

  /** Another list holds. Resolves when all that it does not have is cut off. */
  async replace(allow: readonly string[]): Promise<void> {
    await this.#egress?.replace(allow);
  }

  /** `made`: sockets for ports that are new, which are this one's from now on. */
  listen(made: ReadonlyMap<number, number>): void {
    this.#egress?.listen(made);
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
function socketsOf({ steps }: Plan, given: readonly Given[]): EgressSockets | undefined {
  const at = (slot: number): number => inSlot(steps, given, slot)?.descriptor ?? -1;
  const [resolver] = steps.flatMap((step) => (step.op === 'bindUdp' ? [step.slot] : []));
  if (resolver === undefined) return undefined;
  const listening = steps.flatMap((step) => (step.op === 'listenTcp' ? [step] : []));
  return {
    resolver: at(resolver),
    ports: new Map(listening.map(({ port, slot }) => [port, at(slot)])),
    hasIpv6: listening.some(({ family }) => family === 'ipv6'),
  };
}

function networkOf({ steps }: Plan, given: readonly Given[]): JoinedNamespace | undefined {
  const made = steps.find((step) => step.op === 'newNetwork');
  const one = made?.op === 'newNetwork' ? inSlot(steps, given, made.slot) : undefined;
  if (one === undefined) return undefined;
  return { type: 'network', path: `/proc/${process.pid}/fd/${one.descriptor}`, inode: one.inode };
}

/** What the plan has given of a slot. */
function inSlot(steps: Plan['steps'], given: readonly Given[], slot: number): Given | undefined {
  const slots = steps.flatMap((step) => (step.op === 'give' ? step.slots : []));
  return given[slots.indexOf(slot)];
}
