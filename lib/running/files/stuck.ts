/** Servers that were given up and may be there still: they wait for a file system that does not answer. */

import { serversStuck } from '../../errors/errors.js';

/** A process that waits for FUSE cannot be killed: so many may stay of a container. */
export const STUCK_MOST = 4;

/** Those of one container, whoever asked them. */
export class Stuck {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
  }

  /** One of them is gone: what it waited for has answered, or has ended. */
  remove(): void {
    this.#count -= 1;
  }

  /** @throws CarrelError where there are so many that no other may be started. */
  check(): void {
    if (this.#count >= STUCK_MOST) throw serversStuck(this.#count);
  }
}
