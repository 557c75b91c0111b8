/** The ports of a running container: connections in both directions, and those that the host forwards. */

import type { Socket } from 'node:net';
import { checkPublishCall, checkServicePort, type Publication } from '../../definition/publish.js';
import { contradiction, hasEnded, invalidValue, withRemedy } from '../../errors/errors.js';
import { Connector } from './connect.js';
import { Connections } from './connections.js';
import { type Listener, listen } from './listener.js';
import type { SocketMaker } from './maker.js';
import { type Published, publish } from './published.js';

export class Ports {
  readonly #sockets: SocketMaker;
  readonly #connector: Connector;
  /** By the container's port. */
  readonly #published = new Map<number, Published>();
  /** Ports that are about to be published. */
  readonly #opening = new Set<number>();
  readonly #listeners = new Set<Listener>();
  /** Also of ports that are closed. */
  readonly #connections = new Connections();
  #isOver = false;

  constructor(sockets: SocketMaker) {
    this.#sockets = sockets;
    this.#connector = new Connector(sockets);
  }

  get published(): ReadonlyMap<number, Published> {
    return this.#published;
  }

  async connect(target: unknown, options?: unknown): Promise<Socket> {
    this.#mustRun('connect()');
    return this.#connector.connect(target, options);
  }

  async listen(target: unknown, handler: unknown): Promise<Listener> {
    this.#mustRun('listen()');
    const forget = (one: Listener): unknown => this.#listeners.delete(one);
    const listener = await listen(this.#sockets, target, handler, this.#connections, forget);
    this.#listeners.add(listener);
    await this.#stillRuns('listen()', listener);
    return listener;
  }

  async publish(port: unknown, options: unknown = {}): Promise<Published> {
    this.#mustRun('publish()');
    return this.open(checkPublishCall(port, options));
  }

  /** Publishes what was checked. */
  async open(publication: Publication): Promise<Published> {
    const { containerPort } = publication;
    if (this.#published.has(containerPort) || this.#opening.has(containerPort)) {
      throw contradiction(`port ${containerPort} is published already: address(${containerPort}) says where`);
    }
    this.#opening.add(containerPort);
    try {
      const connect = (port: number, signal: AbortSignal): Promise<Socket> =>
        this.#connector.connect(port, { signal }, true);
      const closed = (): void => {
        if (this.#published.get(containerPort) === published) this.#published.delete(containerPort);
      };
      const published: Published = await publish(publication, connect, closed, this.#connections);
      this.#published.set(containerPort, published);
      await this.#stillRuns('publish()', published);
      return published;
    } finally {
      this.#opening.delete(containerPort);
    }
  }

  address(port: unknown): { readonly host: string; readonly port: number } {
    this.#mustRun('address()');
    const published = this.#published.get(checkServicePort('port', port));
    if (published === undefined) throw notPublished(port, [...this.#published.keys()]);
    return { host: published.host, port: published.port };
  }

  ref(): void {
    for (const one of [...this.#published.values(), ...this.#listeners]) one.ref();
  }

  unref(): void {
    for (const one of [...this.#published.values(), ...this.#listeners]) one.unref();
  }

  /** The container has ended. What its programs have said last is still carried. */
  over(): void {
    this.#isOver = true;
    this.#sockets.close();
    for (const one of [...this.#published.values(), ...this.#listeners]) void one.close();
    this.#connections.over();
  }

  /** Ends all of them at once, and waits until they are gone. */
  async dispose(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#published.values(), ...this.#listeners].map((one) => one[Symbol.asyncDispose]()));
    await this.#connections.end();
  }

  #mustRun(what: string): void {
    if (this.#isOver) throw hasEnded(what);
  }

  /** It may have ended meanwhile. */
  async #stillRuns(what: string, made: AsyncDisposable): Promise<void> {
    if (!this.#isOver) return;
    await made[Symbol.asyncDispose]();
    throw hasEnded(what);
  }
}

function notPublished(port: unknown, known: readonly number[]): TypeError {
  const which = known.length === 0 ? 'and none is' : `which are ${known.join(', ')}`;
  return withRemedy(invalidValue('port', `one that is published, ${which}`, port), `publish(${port}) before`);
}
