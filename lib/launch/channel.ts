/** The channel to one supervisor, drawn in plan/wire.ts: frames in, orders out. */

import type { Socket } from 'node:net';
import { FRAME, FRAME_KINDS, FRAME_SIZE, ORDER, ORDER_KINDS, offsetsOf, sizeOf } from '../plan/wire.js';
import { native } from './native.js';
import { openSocket } from './streams.js';

const offsets = offsetsOf(FRAME);
const FIELDS = Object.entries(FRAME).map(([name, width]) => ({
  name,
  width,
  at: offsets[name as keyof typeof FRAME],
}));
const MESSAGE = sizeOf(FRAME);
const HALF = 2 ** 32;
const KINDS: ReadonlyMap<number, FrameKind> = new Map(
  Object.entries(FRAME_KINDS).map(([name, number]) => [number, name as FrameKind]),
);
const order = offsetsOf(ORDER);

/** A frame, as numbers. */
export type Frame = { readonly [K in keyof typeof FRAME]: number } & { readonly message: string };
export type FrameKind = keyof typeof FRAME_KINDS;

export interface ChannelEvents {
  frame(kind: FrameKind, frame: Frame): void;
  /** The supervisor has ended: nothing follows. */
  end(): void;
}

export class Channel {
  readonly #socket: Socket;
  readonly #descriptor: number;
  readonly #events: ChannelEvents;
  #rest: Buffer = Buffer.alloc(0);

  constructor(descriptor: number, events: ChannelEvents) {
    this.#events = events;
    this.#descriptor = descriptor;
    this.#socket = openSocket(descriptor);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    // A reset comes with `close` right behind it, which says all that there is to say.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => events.end());
  }

  signal(number: number): void {
    this.#send(ORDER_KINDS.signal, number);
  }

  resize(columns: number, rows: number): void {
    this.#send(ORDER_KINDS.resize, rows * 65_536 + columns);
  }

  /** Lets the child pass the barrier at which it waits. */
  go(): void {
    this.#send(ORDER_KINDS.go, 0);
  }

  /** Sets another limit of CPU time, in milliseconds, where there is one. */
  cpuTime(milliseconds: number): void {
    this.#send(ORDER_KINDS.cpuTime, milliseconds);
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

  #send(kind: number, value: number): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const bytes = Buffer.alloc(sizeOf(ORDER));
    bytes.writeUInt32LE(kind, order.kind);
    bytes.writeUInt32LE(value, order.value);
    // Not by the socket, which would be destroyed where the supervisor has just ended, with its last frame unread.
    const busy = this.#socket.writableLength > 0 || native().trySend(this.#descriptor, bytes, []) === 'EAGAIN';
    if (busy) this.#socket.write(bytes);
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    try {
      while (this.#rest.length >= FRAME_SIZE) {
        const frame = decodeFrame(this.#rest.subarray(0, FRAME_SIZE));
        this.#rest = this.#rest.subarray(FRAME_SIZE);
        const kind = KINDS.get(frame.kind);
        if (kind !== undefined) this.#events.frame(kind, frame);
      }
    } finally {
      // A listener has thrown, which is an uncaught exception. Where somebody handles that, the frames behind follow.
      if (this.#rest.length >= FRAME_SIZE) process.nextTick(() => this.#read(Buffer.alloc(0)));
    }
  }
}

/** Reads one frame. Pure, and total: any bytes give a frame. */
export function decodeFrame(bytes: Buffer): Frame {
  const frame: Record<string, number | string> = {};
  for (const { name, width, at } of FIELDS) {
    // By halves: a BigInt takes ten times as long, and what is above 2^53 is rounded either way.
    if (width === 'u64') frame[name] = bytes.readUInt32LE(at + 4) * HALF + bytes.readUInt32LE(at);
    else frame[name] = width === 'i32' ? bytes.readInt32LE(at) : bytes.readUInt32LE(at);
  }
  const end = bytes.indexOf(0, MESSAGE);
  frame.message = end === MESSAGE ? '' : bytes.toString('utf8', MESSAGE, end < 0 ? bytes.length : end);
  return frame as Frame;
}
