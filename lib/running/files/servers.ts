/**
 * The servers of a container, for one user: as many as it takes that no job waits for another that is stuck.
 *
 * A job is one list of steps or more, by one server, which performs a list in some ten microseconds. Another server is
 * started where all wait for something themselves. A list that is not done when its time is up rejects, and its server
 * is ended: nothing is asked of it any more. A process that waits for FUSE cannot be killed, so some of those may stay,
 * four at most.
 */

import { planServer, type Served, type ServedSlots } from '../../compile/serve.js';
import { serverLost, serverTimeout } from '../../errors/errors.js';
import { probe } from '../../host/probe.js';
import { Memo } from '../../plan/memo.js';
import type { Plan } from '../../plan/plan.js';
import type { Answer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { performInTime } from './clock.js';
import { Server, type ServerListener } from './server.js';
import { STUCK_MOST, Stuck } from './stuck.js';

/** Milliseconds that a list has, and a job until it has a server. */
export const CLOCK_MS = 10_000;
/** Milliseconds after the last job that a server is kept for the next one. */
const IDLE_MS = 2000;
/** A server that takes longer for a job waits for something, or has much to do. */
const BRISK_MS = 20;

/** What the servers of one kind of job have in common. */
export interface ServersOptions {
  readonly clockMs?: number | undefined;
  /** Those of the container that were given up. */
  readonly stuck?: Stuck | undefined;
  /** How many do jobs side by side. Default: one more than may be stuck. */
  readonly most?: number | undefined;
  /** Jobs last as long as callers like: none waits for another. Default: `false`. */
  readonly lasting?: boolean | undefined;
  /** How many stay for the next job, however long nobody asks: each is memory. Default: 0. */
  readonly kept?: number | undefined;
}

const plans = new Memo(planServer);

/** The plan of what serves so, and its slots: the same for files and for ports, made when either is asked for. */
export function serverOf(served: Served): { readonly plan: Plan; readonly slots: ServedSlots } {
  return plans.get(served, probe());
}

/** Performs lists of steps, one after the other. */
export interface Performer {
  /** Rejects with what the server makes; a refused step is an answer. */
  perform(steps: readonly ServedStep[]): Promise<Answer>;
}

/** What has a server to itself. */
export interface Holder extends Performer {
  /** The descriptors that its last list has handed over. */
  take(): readonly number[];
  /** Sends it a descriptor, which a list can take over. It is still the caller's to close. */
  send(descriptor: number): void;
}

interface Job {
  readonly run: (server: Server) => void;
  readonly reject: (error: Error) => void;
  /** Its time without a server. */
  readonly timer: NodeJS.Timeout;
}

export class Servers implements ServerListener, Pick<Performer, 'perform'> {
  readonly #plan: () => Plan;
  readonly #most: number;
  readonly #clockMs: number;
  readonly #stuck: Stuck;
  readonly #isLasting: boolean;
  readonly #kept: number;
  /** Those that can be asked, and since when they do a job, by performance.now(). */
  readonly #servers = new Map<Server, number>();
  readonly #free: Server[] = [];
  readonly #queue: Job[] = [];
  /** These, and those that were abandoned and have not ended. */
  readonly #there = new Set<Server>();
  readonly #gone: (() => void)[] = [];
  #brisk: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #end: Error | undefined;

  /** `plan` gives the plan of a server. */
  constructor(plan: () => Plan, options: ServersOptions = {}) {
    const { clockMs = CLOCK_MS, stuck = new Stuck(), most = STUCK_MOST + 1, lasting = false, kept = 0 } = options;
    this.#plan = plan;
    this.#most = most;
    this.#clockMs = clockMs;
    this.#stuck = stuck;
    this.#isLasting = lasting;
    this.#kept = kept;
  }

  /** Performs a list of steps, by any server. */
  perform(steps: readonly ServedStep[]): Promise<Answer> {
    return this.run((server) => server.perform(steps));
  }

  /** Does a job, which has a server to itself until it settles. */
  run<Result>(job: (server: Holder) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      const waiting: Job = {
        run: (server) => {
          clearTimeout(waiting.timer);
          this.#servers.set(server, performance.now());
          const perform: Performer['perform'] = (steps) => this.#performBy(server, steps);
          job({ perform, take: () => server.take(), send: (descriptor) => server.send(descriptor) })
            .then(resolve, reject)
            .finally(() => this.#release(server));
        },
        reject,
        timer: setTimeout(() => this.#drop(waiting), this.#clockMs),
      };
      this.#queue.push(waiting);
      this.#ask();
    });
  }

  /**
   * Ends all servers. What is asked, or waits, rejects with `error`, as does all that follows. Resolves when they are
   * gone, or nobody can tell.
   */
  async close(error: Error): Promise<void> {
    this.#end = error;
    clearTimeout(this.#brisk);
    clearTimeout(this.#idle);
    this.#rejectAll(error);
    for (const server of this.#servers.keys()) server.end();
    if (this.#there.size > 0) await new Promise<void>((resolve) => this.#gone.push(resolve));
  }

  over(server: Server): void {
    this.#there.delete(server);
    if (this.#there.size === 0) for (const tell of this.#gone.splice(0)) tell();
    this.#servers.delete(server);
    const place = this.#free.indexOf(server);
    if (place >= 0) this.#free.splice(place, 1);
    this.#ask();
  }

  #release(server: Server): void {
    if (!this.#servers.has(server)) return;
    this.#free.push(server);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#endFree(this.#kept), IDLE_MS).unref();
    // Many files may have been open at once.
    if (this.#isLasting) this.#endFree(1);
    this.#ask();
  }

  /** Ends those that do nothing, but for so many. */
  #endFree(kept: number): void {
    for (const server of this.#free.splice(kept)) {
      this.#servers.delete(server);
      server.end();
    }
  }

  async #performBy(server: Server, steps: readonly ServedStep[]): Promise<Answer> {
    if (!this.#servers.has(server)) throw this.#end ?? serverLost();
    try {
      return await performInTime(server, steps, this.#clockMs, () => this.#abandon(server));
    } catch (error) {
      throw this.#end ?? error;
    }
  }

  #abandon(server: Server): void {
    if (!this.#servers.delete(server)) return;
    this.#stuck.add();
    server.whenGone(() => {
      this.#stuck.remove();
      this.#ask();
    });
    server.end();
    this.#ask();
  }

  #ask(): void {
    while (this.#queue.length > 0) {
      const mayStart = this.#servers.size === 0 || this.#isLasting;
      const server = this.#free.pop() ?? (mayStart ? this.#start() : undefined);
      if (server === undefined) break;
      this.#queue.shift()?.run(server);
    }
    if (this.#queue.length > 0) this.#brisk ??= setTimeout(() => this.#help(), BRISK_MS);
  }

  /** All have been busy with one job for so long: another one helps. */
  #help(): void {
    this.#brisk = undefined;
    const now = performance.now();
    if (this.#queue.length > 0 && [...this.#servers.values()].every((since) => now - since >= BRISK_MS)) {
      const server = this.#start();
      if (server !== undefined) this.#free.push(server);
    }
    this.#ask();
  }

  /** Starts one, unless so many are busy, or stuck. What waits rejects where there is none, and can be none. */
  #start(): Server | undefined {
    try {
      if (this.#servers.size === 0 || this.#isLasting) this.#stuck.check();
      if (this.#servers.size + this.#stuck.count >= this.#most) return undefined;
      const server = new Server(this.#plan(), this);
      this.#servers.set(server, performance.now());
      this.#there.add(server);
      return server;
    } catch (error) {
      this.#rejectAll(error as Error);
      return undefined;
    }
  }

  #rejectAll(error: Error): void {
    for (const { timer, reject } of this.#queue.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }

  #drop(job: Job): void {
    const place = this.#queue.indexOf(job);
    if (place < 0) return;
    this.#queue.splice(place, 1);
    job.reject(serverTimeout(this.#clockMs));
  }
}
