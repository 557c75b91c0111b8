/**
 * A line: the socket to one supervisor, drawn in plan/messages.ts. Orders go by it. It hangs up when either side ends,
 * and so each side knows of the other. Node waits on no line: the launcher tells when one has hung up.
 */

import type { Socket } from 'node:net';
import { encodeMessage } from '../plan/message-bytes.js';
import type { Notice, Order } from '../plan/messages.js';
import { native } from './native.js';
import { openSocket } from './streams.js';

/** Milliseconds after which an order is sent again that did not fit into the line. */
const RETRY_MS = 5;

/** An order without the number of whom it is for. */
export type UnaddressedOrder = { [K in Order['kind']]: Omit<Extract<Order, { kind: K }>, 'supervisor'> }[Order['kind']];

/** Who is told what a supervisor says. */
export interface LineListener {
  /** The supervisor says something. The descriptors that came with it are the listener's. */
  notice(notice: Exclude<Notice, { kind: 'gone' }>, descriptors: readonly number[]): void;
  /**
   * The supervisor says nothing more. That does not say what has become of the container: notices do. With `error`,
   * what came by the channel was no message, and Node hung up.
   */
  lineEnded(error: Error | undefined): void;
}

/** Where a line belongs. */
export interface LineOwner {
  /** Whether it may send an order in this turn of the event loop. If not, it is told when it may. */
  mayOrder(line: Line): boolean;
  /** It holds Node's event loop, or no longer. */
  held(by: 1 | -1): void;
  /** Node has closed it. */
  closed(line: Line): void;
  /** Its supervisor is gone. */
  hungUp(supervisor: number): void;
}

export class Line {
  /** The number of its supervisor. */
  readonly supervisor: number;
  readonly listener: LineListener;
  readonly #descriptor: number;
  readonly #owner: LineOwner;
  /** Where Node itself looks for its end. */
  #socket: Socket | undefined;
  #isClosed = false;
  #holds = true;
  /** Orders that had no room, or not their turn, and what goes with them. */
  readonly #unsent: { readonly bytes: Buffer; readonly descriptors: readonly number[] }[] = [];

  /** Takes over `descriptor`, which is held. */
  constructor(supervisor: number, descriptor: number, listener: LineListener, owner: LineOwner) {
    this.supervisor = supervisor;
    this.listener = listener;
    this.#descriptor = descriptor;
    this.#owner = owner;
    owner.held(1);
  }

  /**
   * Sends an order, without waiting: now, or in a later turn. Nothing where the supervisor has hung up. It takes over
   * the descriptors that go with it.
   */
  send(order: UnaddressedOrder, descriptors: readonly number[] = []): void {
    if (this.#isClosed) {
      closeAll(descriptors);
      return;
    }
    const bytes = encodeMessage({ ...order, supervisor: this.supervisor }, descriptors.length);
    this.#unsent.push({ bytes, descriptors });
    if (this.#unsent.length === 1) this.sendUnsent();
  }

  /** Sends as many orders as it may, and as there is room for. */
  sendUnsent(): void {
    for (;;) {
      const [first] = this.#unsent;
      if (first === undefined || !this.#owner.mayOrder(this)) return;
      if (!this.#trySend(first.bytes, first.descriptors)) break;
      this.#unsent.shift();
      closeAll(first.descriptors);
    }
    const timer = setTimeout(() => this.sendUnsent(), RETRY_MS);
    if (!this.#holds) timer.unref();
  }

  /** Hangs up. A supervisor that still works ends its container then, unless it is detached. */
  close(): void {
    if (this.#isClosed) return;
    this.unref();
    this.#isClosed = true;
    for (const { descriptors } of this.#unsent.splice(0)) closeAll(descriptors);
    if (this.#socket === undefined) native().closeHeld(this.#descriptor);
    else this.#socket.destroy();
    this.#owner.closed(this);
  }

  /** Whether its supervisor is gone, also where nobody was told of that yet. */
  get isOver(): boolean {
    if (this.#isClosed || this.#socket?.destroyed === true) return true;
    // It says nothing by the line: there is something to read when it has hung up.
    return native().tryRead(this.#descriptor, new Uint8Array(1)) === 0;
  }

  /** Holds Node's event loop, as it does from the beginning. */
  ref(): void {
    this.#hold(true);
  }

  unref(): void {
    this.#hold(false);
  }

  /** Has Node itself look for its end: nobody else does any more. */
  watch(): void {
    if (this.#isClosed || this.#socket !== undefined) return;
    native().letGo(this.#descriptor);
    this.#socket = openSocket(this.#descriptor);
    // A reset comes with `close` right behind it, which says all that there is to say.
    this.#socket.on('error', () => this.#socket?.destroy());
    this.#socket.on('close', () => this.hungUp());
    this.#socket.resume();
    this.#socket.unref();
  }

  /** Has the listener told, after what was told before, that the supervisor is gone. */
  hungUp(): void {
    if (!this.#isClosed) this.#owner.hungUp(this.supervisor);
  }

  #hold(holds: boolean): void {
    if (this.#isClosed || this.#holds === holds) return;
    this.#holds = holds;
    this.#owner.held(holds ? 1 : -1);
  }

  /** Gives whether nothing is left to do. */
  #trySend(bytes: Buffer, descriptors: readonly number[]): boolean {
    // A descriptor that is closed may be another's already.
    if (this.#isClosed || this.#socket?.destroyed === true) return true;
    const error = native().trySend(this.#descriptor, bytes, descriptors);
    // Of descriptors under way a user has only so many. unix(7)
    return error !== 'EAGAIN' && error !== 'ETOOMANYREFS';
  }
}

function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) native().close(descriptor);
}
