/** Connections that are open: of one port, and of all ports of a container. */

import type { Socket } from 'node:net';
import { finish, gone, join } from './joined.js';

export class Connections {
  readonly #open = new Set<Socket>();
  /** Those that are forwarded: by the socket to the container, that to the client. */
  readonly #forwarded = new Map<Socket, Socket>();
  readonly #above: Connections | undefined;

  /** @param above Those that these are among. */
  constructor(above?: Connections) {
    this.#above = above;
  }

  [Symbol.iterator](): IterableIterator<Socket> {
    return this.#open.values();
  }

  keep(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    this.#above?.keep(socket);
  }

  /** Joins two that are kept. */
  forward(outer: Socket, inner: Socket): void {
    join(outer, inner);
    this.#note(outer, inner);
  }

  /** Nobody is left inside: what was said there is still carried, and nothing else. */
  over(): void {
    for (const [inner, outer] of this.#forwarded) finish(inner, outer);
  }

  /** Ends all of them at once, and waits until they are gone. */
  async end(): Promise<void> {
    await Promise.all([...this.#open].map(gone));
  }

  #note(outer: Socket, inner: Socket): void {
    this.#forwarded.set(inner, outer);
    inner.once('close', () => this.#forwarded.delete(inner));
    if (this.#above !== undefined) this.#above.#note(outer, inner);
  }
}
