/**
 * The lane: a second socket beside the channel, by which descriptors come from supervisors. Node's own sockets read
 * bytes only, and drop the descriptors that come with them.
 *
 * A supervisor sends its number and the descriptors on the lane. After that it sends, on the channel, the message that
 * says how many there are. So the reader of that message finds them here without waiting. One lane serves all launchers
 * and supervisors of a thread, as long as the thread lives: the death of a launcher does not touch it.
 */

import { native } from './native.js';

/** What is sent with the descriptors. */
const NUMBER_SIZE = 4;
const NUMBERS = 2 ** 32;

export class Lane {
  /** The launchers' end. */
  readonly theirs: number;
  readonly #ours: number;
  /** What has come for each supervisor that is there, in its order. */
  readonly #came = new Map<number, (readonly number[])[]>();
  readonly #number = Buffer.alloc(NUMBER_SIZE);
  #last = 0;

  constructor() {
    const [ours, theirs] = native().socketpair();
    this.#ours = ours;
    this.theirs = theirs;
    for (const end of [ours, theirs]) native().hold(end);
  }

  /** Opens it for another supervisor. Gives the number that nobody else has: 1 to 2^32 − 1. */
  open(): number {
    do this.#last = (this.#last + 1) % NUMBERS;
    while (this.#last === 0 || this.#came.has(this.#last));
    this.#came.set(this.#last, []);
    return this.#last;
  }

  /** The descriptors of the supervisor's next message that has some. None where this process may not open more. */
  take(supervisor: number): readonly number[] {
    this.#receive();
    return this.#came.get(supervisor)?.shift() ?? [];
  }

  /** Nothing more comes from the supervisor. */
  close(supervisor: number): void {
    this.#receive();
    const left = this.#came.get(supervisor) ?? [];
    this.#came.delete(supervisor);
    for (const descriptor of left.flat()) native().close(descriptor);
  }

  #receive(): void {
    const number = this.#number;
    for (;;) {
      const descriptors = native().tryReceive(this.#ours, number);
      if (descriptors === undefined) return;
      const came = this.#came.get(number.readUInt32LE());
      if (came !== undefined) came.push(descriptors);
      else for (const descriptor of descriptors) native().close(descriptor);
    }
  }
}

let only: Lane | undefined;

/** This thread's. */
export function lane(): Lane {
  only ??= new Lane();
  return only;
}
