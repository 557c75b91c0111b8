/** What can be asked of a container while it runs, and done to it, by way of its cgroups. */

import { setTimeout as sleep } from 'node:timers/promises';
import { CgroupControl } from '../cgroup/control.js';
import { knownOptions, milliseconds, object } from '../definition/checks.js';
import { checkLimitsUpdate, type LimitsUpdate } from '../definition/limits.js';
import { cgroupUnavailable, hasEnded, noCgroup } from '../errors/errors.js';
import type { Plan } from '../plan/plan.js';
import { readStats, type Stats } from './stats.js';
import { TIMER_MOST_MS } from './stop.js';

/** How often `stats()` tells, where it goes on telling. */
export interface StatsOptions {
  /** Milliseconds between two. 1 to 2^31 − 1. */
  readonly interval: number;
}

/**
 * Milliseconds after which it is tried again to remove what a killed supervisor has left: its container dies meanwhile.
 */
const SWEEPS_MS = [10, 100, 1000];

/** What of a process {@link ProcessControl} needs. */
export interface Running {
  /** The plan as it is performed. */
  readonly plan: Plan;
  /** Resolves when the command runs; rejects, or resolves, when it has ended. */
  started(): Promise<unknown>;
  /** Resolves or rejects when it has ended. */
  readonly ended: Promise<unknown>;
  cpuTime(milliseconds: number): void;
}

export class ProcessControl {
  readonly #running: Running;
  #control: CgroupControl | undefined;
  #over = false;
  /** Whether it is to be frozen, by the last order. */
  #wanted = false;
  #lastOrder: Promise<void> = Promise.resolve();

  constructor(running: Running) {
    this.#running = running;
  }

  /** It has ended. */
  over(): void {
    this.#over = true;
  }

  /** Its supervisor has left its cgroups, and ends about now. */
  async sweep(): Promise<void> {
    const control = CgroupControl.of(this.#running.plan);
    if (control === undefined) return;
    for (const pause of SWEEPS_MS) {
      control.sweep();
      await sleep(pause, undefined, { ref: false });
    }
    control.sweep();
  }

  async stats(): Promise<Stats> {
    const control = await this.#ready('stats()');
    const stats = await readStats(control);
    // Its cgroups are removed before Node hears of the end.
    if (this.#over || isEmpty(stats)) throw hasEnded('stats()');
    return stats;
  }

  samples(options: StatsOptions): AsyncGenerator<Stats, void, void> {
    object('options', options);
    knownOptions('stats()', options, ['interval']);
    return this.#every(milliseconds('interval', options.interval, 1, TIMER_MOST_MS));
  }

  async *#every(interval: number): AsyncGenerator<Stats, void, void> {
    const control = await this.#ready('stats()');
    const end = new AbortController();
    this.#running.ended.then(
      () => end.abort(),
      () => end.abort(),
    );
    while (!this.#over) {
      const stats = await readStats(control);
      if (this.#over || isEmpty(stats)) return;
      yield stats;
      await sleep(interval, undefined, { signal: end.signal }).catch(() => {});
    }
  }

  /**
   * One order after the other, as they were given: the last decides. One that waits for processes gives way to a later
   * one that wants otherwise.
   */
  freeze(frozen: boolean): Promise<void> {
    this.#wanted = frozen;
    const order = this.#freezeAfter(this.#lastOrder, frozen);
    this.#lastOrder = order.catch(() => {});
    return order;
  }

  async #freezeAfter(before: Promise<void>, frozen: boolean): Promise<void> {
    const what = frozen ? 'pause()' : 'resume()';
    const [control] = await Promise.all([this.#ready(what), before]);
    const isThere = await control.freeze(frozen, () => !this.#over && this.#wanted === frozen);
    if (this.#over || !isThere) throw hasEnded(what);
  }

  async update(changes: LimitsUpdate): Promise<void> {
    const limits = checkLimitsUpdate(changes);
    const control = await this.#ready('update()');
    const { cpuTime } = limits;
    const facts = { obstacles: ['it was started without'], remedy: 'set one with limits() at the start' };
    if (cpuTime !== undefined && !limitsCpuTime(this.#running.plan))
      throw cgroupUnavailable('update().cpuTime', 'cpuacct', facts);
    await control.apply(await control.resolve(limits));
    if (cpuTime !== undefined) this.#running.cpuTime(cpuTime);
  }

  async #ready(what: string): Promise<CgroupControl> {
    this.#control ??= CgroupControl.of(this.#running.plan);
    if (this.#control === undefined) throw noCgroup(what);
    await this.#running.started();
    if (this.#over) throw hasEnded(what);
    return this.#control;
  }
}

function limitsCpuTime({ steps }: Plan): boolean {
  return steps.some((step) => step.op === 'barrier' && step.acts.some(({ op }) => op === 'limitCpuTime'));
}

function isEmpty({ cpuMs, memoryBytes, pids, paused }: Stats): boolean {
  return [cpuMs, memoryBytes, pids, paused].every((value) => value === undefined);
}
