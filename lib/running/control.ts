/** What can be asked of a container while it runs, and done to it, by way of its cgroups. */

import { setTimeout as sleep } from 'node:timers/promises';
import { CgroupControl } from '../cgroup/control.js';
import { limitsWithin } from '../compile/limits.js';
import { knownOptions, milliseconds, object } from '../definition/checks.js';
import { type CommandLimits, checkLimitsUpdate, type Limits, type LimitsUpdate } from '../definition/limits.js';
import { cgroupUnavailable, hasEnded, noCgroup } from '../errors/errors.js';
import type { UnaddressedOrder } from '../launch/line.js';
import { explain } from '../plan/explain.js';
import type { Plan } from '../plan/plan.js';
import type { TimedAct } from '../plan/timing.js';
import { type ContainerLimits, cpusWithin, type LimitedCommand, stepsBetween } from './container-limits.js';
import { readStats, type Stats } from './stats.js';
import { TIMER_MOST_MS } from './stop.js';
import { explainTimed } from './timing.js';

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
  order(order: UnaddressedOrder): void;
  /** When each act began, where that was timed and all is over. */
  readonly timing: readonly TimedAct[] | undefined;
}

/** A command's own limits, in a container that it has entered. */
interface Within {
  readonly container: ContainerLimits;
  /** As they were asked for. */
  own: CommandLimits;
  /** As its cgroups have them. */
  held: Limits;
}

export class ProcessControl implements LimitedCommand {
  readonly #running: Running;
  #within: Within | undefined;
  /** Of a container that others enter. */
  #shared: ContainerLimits | undefined;
  #control: CgroupControl | undefined;
  #over = false;
  /** Whether it is to be frozen, by the last order. */
  #wanted = false;
  #lastOrder: Promise<void> = Promise.resolve();

  /**
   * @param own The limits of its own that a command has.
   * @param container Those of the container that it enters.
   */
  constructor(running: Running, own?: CommandLimits, container?: ContainerLimits) {
    this.#running = running;
    if (own === undefined || container === undefined) return;
    this.#within = { container, own, held: limitsWithin({ onUnsupported: 'error', ...own }, container.now) };
    container.add(this);
  }

  /** Others enter it, and follow its limits. */
  share(limits: ContainerLimits): void {
    this.#shared = limits;
  }

  /** It has ended. */
  over(): void {
    this.#over = true;
    this.#within?.container.remove(this);
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

  /** The plan as a text; with `timed`, what was timed. */
  explain(timed: boolean): string {
    return timed ? explainTimed(this.#running.timing) : explain(this.#running.plan);
  }

  async update(changes: LimitsUpdate): Promise<void> {
    const limits = checkLimitsUpdate(changes);
    const control = await this.#ready('update()');
    const { cpuTime } = limits;
    const facts = { obstacles: ['it was started without'], remedy: 'set one with limits() at the start' };
    if (cpuTime !== undefined && !limitsCpuTime(this.#running.plan))
      throw cgroupUnavailable('update().cpuTime', 'cpuacct', facts);
    await this.#change(control, limits);
    if (cpuTime !== undefined) this.#running.order({ kind: 'cpuTime', milliseconds: cpuTime });
  }

  /** Its cgroups have other limits because the container's are others. What ends meanwhile has none. */
  async follow(container: Limits, lower: boolean): Promise<void> {
    const within = this.#within;
    if (within === undefined) return;
    try {
      const control = await this.#ready('update()');
      const wanted = limitsWithin({ onUnsupported: 'error', ...within.own }, container);
      const cpus = container.cpuset === undefined ? undefined : await control.strictCpus();
      const cpuset = cpus === undefined ? undefined : cpusWithin(within.own.cpuset, container.cpuset ?? cpus);
      const steps = { ...stepsBetween(within.held, wanted, lower), ...(cpuset === cpus ? {} : { cpuset }) };
      if (Object.keys(steps).length === 0) return;
      // A controller that it has no cgroup of its own for holds the container's limit.
      await control.apply(await control.resolve({ ...steps, onUnsupported: 'warn' } as Limits));
      within.held = { ...within.held, ...steps } as Limits;
    } catch (error) {
      if (!this.#over && !(await this.#isGone())) throw error;
    }
  }

  #change(control: CgroupControl, limits: Limits): Promise<void> {
    const [shared, within] = [this.#shared, this.#within];
    if (shared !== undefined) return shared.inTurn(() => shared.change(control, limits));
    if (within === undefined) return this.#write(control, limits);
    return within.container.inTurn(async () => {
      const { container } = within;
      const own = { ...within.own, ...limits };
      const wanted = limitsWithin({ ...own, onUnsupported: 'error' }, container.now);
      // No more of what the container bounds than that has.
      const changes = { ...limits, ...stepsBetween(within.held, wanted, false) } as Limits;
      await this.#write(control, changes);
      [within.own, within.held] = [own, { ...within.held, ...changes }];
    });
  }

  async #write(control: CgroupControl, limits: Limits): Promise<void> {
    await control.apply(await control.resolve(limits));
  }

  /** Whether it has ended, or does: its cgroups go before Node hears of that. */
  async #isGone(): Promise<boolean> {
    return this.#control !== undefined && isEmpty(await readStats(this.#control));
  }

  async #ready(what: string): Promise<CgroupControl> {
    this.#control ??= CgroupControl.of(this.#running.plan);
    if (this.#control === undefined) throw this.#over ? hasEnded(what) : noCgroup(what);
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
