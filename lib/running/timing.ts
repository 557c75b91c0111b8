/** Notes when the acts of one container began, as Node sees it and as its supervisor tells. */

import { contradiction, protocolBroken } from '../errors/errors.js';
import { monotonicNs } from '../launch/clock.js';
import { native } from '../launch/native.js';
import type { Plan } from '../plan/plan.js';
import { readTimes, type Times } from '../plan/times.js';
import { explainTiming, type TimedAct, timedActs } from '../plan/timing.js';

export class Timing {
  readonly #calledNs: number;
  #sentNs = 0;
  #toldNs = 0;
  #times: Times | undefined;
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

  /**
   * The supervisor tells of all that it has noted, in a file. It does so when all is over. Gives what went wrong, if
   * something did.
   */
  told(descriptors: readonly number[]): Error | undefined {
    this.#toldNs = monotonicNs();
    try {
      for (const descriptor of descriptors) this.#times = readTimes(native().contents(descriptor));
      return undefined;
    } catch (error) {
      return protocolBroken(error as Error);
    } finally {
      for (const descriptor of descriptors) native().close(descriptor);
    }
  }

  /** Nothing follows. `plan` is asked for where something was timed only. */
  over(plan: () => Plan): void {
    if (this.#times === undefined) return;
    const seen = { calledNs: this.#calledNs, sentNs: this.#sentNs, toldNs: this.#toldNs };
    this.#acts = timedActs(plan(), this.#times, seen);
  }
}

/** What was timed, in words. */
export function explainTimed(acts: readonly TimedAct[] | undefined): string {
  if (acts === undefined)
    throw contradiction('explain({ timing: true }) needs a process that was started with timing: true, and has ended');
  return explainTiming(acts);
}
