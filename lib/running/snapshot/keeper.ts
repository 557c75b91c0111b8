/** A keeper, as Node sees it: a server that keeps what a container has written. lib/compile/keep.ts */

import { closeSync, constants, openSync } from 'node:fs';
import { type KeeperSlots, type Kept, planKeeper } from '../../compile/keep.js';
import { serverTimeout } from '../../errors/errors.js';
import { probe } from '../../host/probe.js';
import type { Answer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { performInTime } from '../files/clock.js';
import type { Asked } from '../files/fault.js';
import { Server } from '../files/server.js';
import { ask } from '../files/view.js';
import type { GivenDescriptor } from '../supervision.js';
import type { Bounds } from './bounds.js';

/** Milliseconds that a list has. What is copied by one is bounded, and lies in memory, or where the caller put it. */
const CLOCK_MS = 60_000;
/** Only looks: what is behind it is not opened. open(2) */
const O_PATH = 0o10000000;

export class Keeper {
  readonly slots: KeeperSlots;
  readonly bounds: Bounds;
  readonly #clockMs: number;
  readonly #server: Server;
  readonly #gone: Promise<void>;
  #end: Error | undefined;
  #isGone = false;

  /** `given`: the places that the container was started with. `clockMs` is for tests. */
  constructor(kept: Kept, given: readonly GivenDescriptor[], bounds: Bounds, clockMs: number = CLOCK_MS) {
    const { plan, slots } = planKeeper(kept, probe());
    this.slots = slots;
    this.bounds = bounds;
    this.#clockMs = clockMs;
    let tell!: () => void;
    this.#gone = new Promise((resolve) => {
      tell = resolve;
    });
    const over = (): void => {
      this.#isGone = true;
      tell();
    };
    this.#server = new Server(plan, { over }, copies(given));
  }

  /** Nothing can be asked of it, nor does it remove what it has written. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Performs a list of steps. One that misses its time is not waited for: who opens files may be made to wait. */
  async perform(steps: readonly ServedStep[]): Promise<Answer> {
    this.mustRun();
    try {
      return await performInTime(this.#server, steps, this.#clockMs, () => this.#giveUp());
    } catch (error) {
      throw this.#end ?? error;
    }
  }

  /** The same; throws where it was refused. Gives what the steps gave. */
  ask(steps: readonly ServedStep[], asked: Asked): Promise<Answer['given']> {
    return ask(this, steps, asked);
  }

  /** Throws why it was stopped, if it was. */
  mustRun(): void {
    if (this.#end !== undefined) throw this.#end;
  }

  /** Has it do no more: what is asked, or waits, rejects with `error`. It then removes what it keeps. */
  stop(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#server.leave();
  }

  #giveUp(): void {
    this.#end ??= serverTimeout(this.#clockMs);
    this.#server.end();
  }

  /** Lets what it keeps go: resolves when that is removed. */
  async leave(error: Error): Promise<void> {
    this.stop(error);
    await this.#gone;
  }

  /** Ends it, and leaves what it has written: what it does not hold it does not remove. */
  async end(error: Error): Promise<void> {
    const { directory } = this.slots;
    if (directory !== undefined) await this.ask([{ op: 'close', slot: directory }], { syscall: 'close' });
    await this.leave(error);
  }
}

/** Descriptors of the same: those that were given close with the container. */
function copies(given: readonly GivenDescriptor[]): readonly number[] {
  const made: number[] = [];
  try {
    for (const { descriptor } of given)
      made.push(openSync(`/proc/self/fd/${descriptor}`, O_PATH | constants.O_DIRECTORY));
    return made;
  } catch (error) {
    for (const descriptor of made) closeSync(descriptor);
    throw error;
  }
}
