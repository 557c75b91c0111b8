/**
 * A channel: a socket to supervisors, drawn in plan/messages.ts. Notices in, each for the listener of its supervisor;
 * orders out.
 */

import type { Socket } from 'node:net';
import { protocolBroken } from '../errors/errors.js';
import { encodeMessage, readMessage } from '../plan/message-bytes.js';
import type { Notice, Order } from '../plan/messages.js';
import type { Lane } from './lane.js';
import { native } from './native.js';
import { openSocket } from './streams.js';

/** Who is told what a supervisor says. */
export interface ChannelListener {
  /** The supervisor says something. The descriptors that came with it are the listener's. */
  notice(notice: Notice, descriptors: readonly number[]): void;
  /**
   * Nothing more comes by this channel. That does not say what has become of the container: notices do. With `error`,
   * what came was no message, and Node hung up.
   */
  channelEnded(error: Error | undefined): void;
}

export class Channel {
  readonly #socket: Socket;
  readonly #descriptor: number;
  readonly #lane: Lane;
  readonly #listeners = new Map<number, ChannelListener>();
  #rest: Buffer = Buffer.alloc(0);
  #error: Error | undefined;

  /** Takes over `descriptor`. */
  constructor(descriptor: number, lane: Lane) {
    this.#descriptor = descriptor;
    this.#lane = lane;
    this.#socket = openSocket(descriptor);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    // A reset comes with `close` right behind it, which says all that there is to say.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#ended());
  }

  /** Has the notices of a supervisor told to `listener`, instead of the listener before it. */
  listen(supervisor: number, listener: ChannelListener): void {
    this.#listeners.set(supervisor, listener);
  }

  /** Sends an order, without waiting; nothing where the supervisor has hung up. */
  send(order: Order): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const bytes = encodeMessage(order);
    // Not by the socket, which would be destroyed where the supervisor has just ended, with its last notice unread.
    const busy = this.#socket.writableLength > 0 || native().trySend(this.#descriptor, bytes, []) === 'EAGAIN';
    if (busy) this.#socket.write(bytes);
  }

  /** Hangs up. A supervisor that still works ends its container then, unless it is detached. */
  close(): void {
    this.#socket.destroy();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let over = false;
    try {
      while (!over) over = !this.#tellNext();
    } finally {
      // A listener has thrown, which is an uncaught exception. Where somebody handles that, the messages behind follow.
      if (!over) process.nextTick(() => this.#read(Buffer.alloc(0)));
    }
  }

  /** Tells the next message to whom it is for. Gives whether there was one. */
  #tellNext(): boolean {
    const next = this.#next();
    if (next === undefined) return false;
    this.#rest = this.#rest.subarray(next.size);
    const { message, descriptors } = next;
    const came = descriptors === 0 ? [] : this.#lane.take(message.supervisor);
    this.#listeners.get(message.supervisor)?.notice(message, came);
    return true;
  }

  #next(): ReturnType<typeof readMessage<'node'>> {
    try {
      return readMessage(this.#rest, 'node');
    } catch (error) {
      this.#error = protocolBroken(error as Error);
      this.#rest = Buffer.alloc(0);
      this.close();
      return undefined;
    }
  }

  #ended(): void {
    for (const supervisor of this.#listeners.keys()) this.#lane.close(supervisor);
    for (const listener of this.#listeners.values()) listener.channelEnded(this.#error);
  }
}
