/** What Node does for the egress of one container: it answers for names, and relays what the list allows. */

import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { DNS_PORT } from '../../compile/egress.js';
import { unsupported } from '../../errors/errors.js';
import { native } from '../../launch/native.js';
import { RESOLVER } from '../../plan/egress-addresses.js';
import { portsOf } from '../../plan/egress-list.js';
import { Attempts, type Connection } from './connection.js';
import { type Intake, takeConnections, takeDatagrams } from './intake.js';
import { Names } from './names.js';
import { Relay } from './relay.js';
import { type Resolving, resolve, serve } from './resolver.js';
import { Rules } from './rules.js';

/** At a time, of one container. Others wait to be accepted. Each takes two descriptors of this process. */
const CONNECTIONS_MOST = 512;
/** Milliseconds that what was said last has, when the container has ended. */
const LAST_MS = 1000;

/** The sockets that Node was given. They stay its giver's. */
export interface EgressSockets {
  readonly resolver: number;
  readonly ports: ReadonlyMap<number, number>;
  /** The container has IPv6. */
  readonly hasIpv6: boolean;
}

export class Egress {
  readonly #names = new Names();
  readonly #attempts: Attempts;
  readonly #relay: Relay;
  readonly #intakes: Intake[] = [];
  readonly #ports = new Map<number, Intake>();
  /** Sockets for ports that are new since. */
  readonly #own = new Map<number, number>();
  #rules: Rules;
  #hasIpv6 = false;
  #open = 0;
  #over: Promise<void> | undefined;

  /** @param tell Is told of each attempt. */
  constructor(allow: readonly string[], tell: (connection: Connection) => void) {
    this.#rules = new Rules(allow);
    this.#attempts = new Attempts(tell);
    this.#relay = new Relay(this.#rules, this.#names, this.#attempts);
  }

  /** The attempts until now: the first thousand, and how many more there were. */
  get connections(): { readonly listed: readonly Connection[]; readonly more: number } {
    return { listed: this.#attempts.listed, more: this.#attempts.more };
  }

  /** The container runs. */
  begin({ resolver, ports, hasIpv6 }: EgressSockets): void {
    this.#hasIpv6 = hasIpv6;
    this.#intakes.push(takeDatagrams(resolver, (message) => resolve(message, this.#resolving())));
    this.#listen(ports);
  }

  /** The container has ended: what was said inside is still carried. Resolves when it is. */
  over(): Promise<void> {
    this.#over ??= this.#end();
    return this.#over;
  }

  async #end(): Promise<void> {
    // What has come is taken before.
    await turn();
    for (const intake of this.#all()) intake.end();
    for (const [port, descriptor] of this.#own) this.#close(port, descriptor);
    await this.#relay.over(LAST_MS);
  }

  /** The ports that are listened to. */
  get ports(): ReadonlySet<number> {
    return new Set(this.#ports.keys());
  }

  /**
   * Another list holds. Resolves when connections that it does not have are cut off. Sockets that this was given at the
   * beginning stay open: what comes there is refused.
   */
  async replace(allow: readonly string[]): Promise<void> {
    this.#rules = new Rules(allow);
    const wanted = new Set(portsOf(allow));
    for (const [port, descriptor] of this.#own) if (!wanted.has(port)) this.#close(port, descriptor);
    await this.#relay.follow(this.#rules);
  }

  /** Takes sockets for more ports, which are this one's from now on. */
  listen(made: ReadonlyMap<number, number>): void {
    for (const [port, descriptor] of made) this.#own.set(port, descriptor);
    this.#listen(made);
  }

  #close(port: number, descriptor: number): void {
    this.#ports.get(port)?.end();
    this.#ports.delete(port);
    this.#own.delete(port);
    native().closeHeld(descriptor);
  }

  #listen(ports: EgressSockets['ports']): void {
    for (const [port, descriptor] of ports)
      this.#ports.set(
        port,
        takeConnections(descriptor, (socket) => this.#take(socket)),
      );
  }

  #take(socket: Socket): void {
    this.#open += 1;
    if (this.#open === CONNECTIONS_MOST) for (const intake of this.#ports.values()) intake.rest('room');
    socket.once('close', () => {
      this.#open -= 1;
      if (this.#open === CONNECTIONS_MOST - 1) for (const intake of this.#ports.values()) intake.goOn('room');
    });
    const { localAddress = '', localPort } = socket;
    if (localPort === DNS_PORT && localAddress.endsWith(RESOLVER)) serve(socket, () => this.#resolving());
    else this.#relay.take(socket);
  }

  #resolving(): Resolving {
    return { rules: this.#rules, names: this.#names, attempts: this.#attempts, hasIpv6: this.#hasIpv6 };
  }

  #all(): readonly Intake[] {
    return [...this.#intakes, ...this.#ports.values()];
  }
}

/**
 * What `network({ allow })` begins with the container.
 *
 * @throws CarrelError with `ERR_UNSUPPORTED` on Deno.
 */
export function openEgress(allow: readonly string[], tell: (connection: Connection) => void): Egress {
  if (process.versions.deno !== undefined)
    throw unsupported('network({ allow }) takes sockets by their descriptors, and node:dgram of Deno does not');
  return new Egress(allow, tell);
}
