/** A port of the host from which connections are forwarded to one of the container. */

import { setMaxListeners } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Publication } from '../../definition/publish.js';
import { cannotListen } from '../../errors/errors.js';
import { Connections } from './connections.js';
import { reset } from './joined.js';
import { listenOn } from './listening.js';

/** Where an address means every one of the host, this is the one by which its own programs reach it. */
const REACHED: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** How a connection inside is made. It rejects where there is none, or the container has ended. */
export type Connect = (port: number, signal: AbortSignal) => Promise<Socket>;

/**
 * A published port: `host` and `port` are where a client on the host reaches it. It holds Node until it is closed, or
 * `unref()` is called.
 */
export class Published implements AsyncDisposable {
  /** The port of the container. */
  readonly containerPort: number;
  /** The address where the host listens; of `0.0.0.0` and `::`, the loopback. */
  readonly host: string;
  /** The port where it listens. */
  readonly port: number;
  readonly #server: Server;
  readonly #connect: Connect;
  readonly #closed: () => void;
  readonly #stopped = new AbortController();
  /** Sockets of both sides. */
  readonly #open: Connections;
  #isRef = true;

  /** @internal */
  constructor({ containerPort }: Publication, server: Server, connect: Connect, closed: () => void, all?: Connections) {
    const { address, port } = server.address() as { readonly address: string; readonly port: number };
    this.containerPort = containerPort;
    this.host = REACHED[address] ?? address;
    this.port = port;
    this.#server = server;
    this.#connect = connect;
    this.#open = new Connections(all);
    this.#closed = closed;
    // One for each connection that is on its way. Node would warn of the eleventh.
    setMaxListeners(0, this.#stopped.signal);
    server.on('connection', (outer: Socket) => void this.#forward(outer));
  }

  /** Lets Node wait for the port and its connections, as it does by default. */
  ref(): void {
    this.#isRef = true;
    for (const one of [this.#server, ...this.#open]) one.ref();
  }

  /** Lets Node end without waiting for the port and its connections. */
  unref(): void {
    this.#isRef = false;
    for (const one of [this.#server, ...this.#open]) one.unref();
  }

  /** Listens no more. Connections that are open go on. */
  async close(): Promise<void> {
    if (this.#server.listening) this.#server.close();
    this.#closed();
  }

  /** Listens no more, ends all connections, and waits until they are gone. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    void this.close();
    this.#stopped.abort();
    await this.#open.end();
  }

  async #forward(outer: Socket): Promise<void> {
    this.#keep(outer);
    // Nothing is read of it before there is somebody who takes it.
    outer.on('error', () => {});
    try {
      const inner = await this.#connect(this.containerPort, this.#stopped.signal);
      this.#keep(inner);
      if (outer.destroyed) inner.destroy();
      else this.#open.forward(outer, inner);
    } catch {
      reset(outer);
    }
  }

  #keep(socket: Socket): void {
    this.#open.keep(socket);
    if (!this.#isRef) socket.unref();
  }
}

/**
 * Listens on the host, and forwards to the container from then on. Its connections are among `all`. `closed` is told
 * when it listens no more.
 */
export async function publish(
  publication: Publication,
  connect: Connect,
  closed: () => void,
  all?: Connections,
): Promise<Published> {
  const { host, port } = publication;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await listenOn(server, { host, port, exclusive: true }).catch((error: Error) => {
    throw cannotListen(host, port, error);
  });
  return new Published(publication, server, connect, closed, all);
}
