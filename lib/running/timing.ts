/** Notes when the acts of one container began, as Node sees it and as its supervisor tells. */

import type { Frame } from '../launch/channel.js';
import { monotonicNs } from '../launch/clock.js';
import type { Plan } from '../plan/plan.js';
import { type Mark, type TimedAct, timedActs } from '../plan/timing.js';

export class Timing {
  readonly #calledNs: number;
  #sentNs = 0;
  #toldNs = 0;
  readonly #marks: Mark[] = [];
  #acts: readonly TimedAct[] | undefined;

  /** @param calledNs When the caller asked for the container, on the monotonic clock. */
  constructor(calledNs: number) {
    this.#calledNs = calledNs;
  }

  /** All of them, once it has ended; `undefined` where nothing was timed. */
  get acts(): readonly TimedAct[] | undefined {
    return this.#acts;
  }

  /** The request went to the launcher. */
  sent(): void {
    this.#sentNs = monotonicNs();
  }

  /** The supervisor tells of one act. It does so when all is over. */
  mark({ list, index, act, wallNs }: Frame): void {
    // The first of them: what it takes to tell the others is not the container's.
    if (this.#marks.length === 0) this.#toldNs = monotonicNs();
    this.#marks.push({ list, index, act, atNs: wallNs });
  }

  /** Nothing follows. `plan` is asked for where something was timed only. */
  over(plan: () => Plan): void {
    if (this.#marks.length === 0) return;
    const times = { calledNs: this.#calledNs, sentNs: this.#sentNs, toldNs: this.#toldNs };
    this.#acts = timedActs(plan(), this.#marks, times);
  }
}
