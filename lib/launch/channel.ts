/**
 * The channel: the socket by which notices of all supervisors of a thread come, drawn in plan/messages.ts. Each is told
 * to the listener of its supervisor's line. It serves all launchers of the thread: the death of one does not touch it.
 */

import type { Socket } from 'node:net';
import { protocolBroken } from '../errors/errors.js';
import { encodeMessage, readMessage } from '../plan/message-bytes.js';
import { type Lane, lane } from './lane.js';
import { Line, type LineListener, type LineOwner } from './line.js';
import { native } from './native.js';
import { openSocket } from './streams.js';

/** Notices that are told in one turn of the event loop: others have their turns between the ends of many containers. */
const TOLD_AT_ONCE = 8;
/** Orders that are sent in one turn: each wakes a supervisor, which may take this processor at once. */
const ORDERED_AT_ONCE = 4;
/** Milliseconds after which a notice of Node's own is sent again that did not fit. */
const RETRY_MS = 5;

export class Channel implements LineOwner {
  /** The supervisors' end, which launchers pass on. */
  readonly theirs: number;
  /** By it launchers know which lines have hung up. */
  readonly watch: number;
  readonly #socket: Socket;
  readonly #lane: Lane;
  readonly #lines = new Map<number, Line>();
  /** How many lines hold Node's event loop. */
  #holding = 0;
  /** How many orders were sent in this turn. */
  #ordered = 0;
  /** Lines that have orders left for later turns. */
  readonly #ordering = new Set<Line>();
  #rest: Buffer = Buffer.alloc(0);
  /** What is there is told in a later turn. */
  #waits = false;
  #error: Error | undefined;

  constructor(descriptors: Lane) {
    const { socketpair, watch, hold, close } = native();
    this.#lane = descriptors;
    this.watch = watch();
    let pair: readonly [number, number];
    try {
      pair = socketpair();
    } catch (error) {
      close(this.watch);
      throw error;
    }
    const [ours, theirs] = pair;
    this.theirs = theirs;
    for (const descriptor of [theirs, this.watch]) hold(descriptor);
    this.#socket = openSocket(ours);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#ended());
    this.#socket.unref();
  }

  /** Whether it carries nothing any more. */
  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  /** Opens a line to another supervisor, for which `theirs` is meant. */
  open(listener: LineListener): { readonly line: Line; readonly theirs: number } {
    const supervisor = this.#lane.open();
    try {
      const [ours, theirs] = native().openLine(this.watch, supervisor);
      const line = new Line(supervisor, ours, listener, this);
      this.#lines.set(supervisor, line);
      return { line, theirs };
    } catch (error) {
      this.#lane.close(supervisor);
      throw error;
    }
  }

  /** Has Node look itself for the ends of all lines that are open: the launcher that did is no more. */
  watchLines(): void {
    for (const line of this.#lines.values()) line.watch();
  }

  mayOrder(line: Line): boolean {
    if (this.#ordered >= ORDERED_AT_ONCE) {
      this.#ordering.add(line);
      return false;
    }
    if (this.#ordered === 0) setImmediate(() => this.#order(ORDERED_AT_ONCE));
    this.#ordered += 1;
    return true;
  }

  /** Sends all orders that wait for their turn: no turn follows. */
  orderAll(): void {
    this.#order(Number.POSITIVE_INFINITY);
  }

  held(by: 1 | -1): void {
    this.#holding += by;
    if (this.#holding === 0) this.#socket.unref();
    else if (this.#holding === 1 && by === 1) this.#socket.ref();
  }

  closed({ supervisor }: Line): void {
    this.#lines.delete(supervisor);
    this.#lane.close(supervisor);
  }

  /** By the channel itself, behind what the supervisor has said. */
  hungUp(supervisor: number): void {
    if (this.isOver || !this.#lines.has(supervisor)) return;
    const error = native().trySend(this.theirs, encodeMessage({ kind: 'gone', supervisor }), []);
    if (error !== undefined) setTimeout(() => this.hungUp(supervisor), RETRY_MS);
  }

  /** A turn begins, in which so many orders are sent. */
  #order(most: number): void {
    this.#ordered = ORDERED_AT_ONCE - most;
    for (const line of this.#ordering) {
      if (this.#ordered >= ORDERED_AT_ONCE) return;
      this.#ordering.delete(line);
      line.sendUnsent();
    }
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (!this.#waits) this.#tell();
  }

  #tell(): void {
    let over = false;
    this.#waits = false;
    try {
      for (let told = 0; told < TOLD_AT_ONCE && !over; told += 1) over = !this.#tellNext();
    } finally {
      // Or a listener has thrown, which is an uncaught exception. Where somebody handles that, the others follow.
      if (!over) this.#tellLater();
    }
  }

  #tellLater(): void {
    this.#waits = true;
    setImmediate(() => this.#tell());
  }

  /** Tells the next notice to whom it is for. Gives whether there was one. */
  #tellNext(): boolean {
    const next = this.#next();
    if (next === undefined) return false;
    this.#rest = this.#rest.subarray(next.size);
    const { message, descriptors } = next;
    const came = descriptors === 0 ? [] : this.#lane.take(message.supervisor);
    const line = this.#lines.get(message.supervisor);
    if (message.kind !== 'gone') {
      if (line !== undefined) line.listener.notice(message, came);
      else for (const descriptor of came) native().close(descriptor);
    } else if (line !== undefined) {
      line.close();
      line.listener.lineEnded(undefined);
    }
    return true;
  }

  #next(): ReturnType<typeof readMessage<'node'>> {
    try {
      return readMessage(this.#rest, 'node');
    } catch (error) {
      this.#error = protocolBroken(error as Error);
      this.#rest = Buffer.alloc(0);
      this.#socket.destroy();
      return undefined;
    }
  }

  /** Nobody knows any more where a message begins: Node hangs up on all, so that none is lost without a word. */
  #ended(): void {
    for (const line of [...this.#lines.values()]) {
      line.close();
      process.nextTick(() => line.listener.lineEnded(this.#error));
    }
    for (const descriptor of [this.theirs, this.watch]) native().closeHeld(descriptor);
  }
}

let current: Channel | undefined;

/** This thread's. */
export function channel(): Channel {
  // An order that was accepted is sent.
  if (current === undefined) process.once('exit', () => current?.orderAll());
  if (current === undefined || current.isOver) current = new Channel(lane());
  return current;
}
