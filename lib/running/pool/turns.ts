/** Who of a pool's callers has a turn: so many at a time, and in the order in which they came. */

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: unknown) => void;
}

export class Turns {
  readonly #most: number;
  readonly #waiting = new Set<Waiting>();
  #taken = 0;

  /** @param most How many there are at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many have one. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes one; `undefined` where it is there at once. Rejects with the reason of `signal`, and then takes none. */
  take(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#taken < this.#most) {
      this.#taken += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      };
      const over = (): void => signal?.removeEventListener('abort', abort);
      const waiting: Waiting = {
        begin: () => {
          over();
          resolve();
        },
        refuse: (error) => {
          over();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** One is over: it is that of who has waited longest. */
  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.begin();
  }

  /** All who wait get none. */
  refuse(error: Error): void {
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      waiting.refuse(error);
    }
  }
}
