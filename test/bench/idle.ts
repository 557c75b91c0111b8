/** Containers that run and do nothing, held by a worker. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Library, Places, Sample } from './cases.js';
import type { Released } from './worker.js';

type Box = InstanceType<Library['Container']>;
type Child = ReturnType<Box['spawn']>;

/** A turn of the event loop is seen by a timer that is late. */
const TICK_MS = 1;

export class Idle {
  readonly #box: Box;
  readonly #running: Child[] = [];

  constructor({ Container }: Library, { rootfs }: Places) {
    this.#box = new Container().rootfs(rootfs);
  }

  /** Starts as many as are missing. Each sample is the time from the call until the command runs. */
  async hold(count: number): Promise<readonly Sample[]> {
    const samples: Sample[] = [];
    while (this.#running.length < count) {
      const began = process.hrtime.bigint();
      const child = this.#box.spawn('sleep', ['1000'], { stdio: 'ignore' });
      const blockedNs = Number(process.hrtime.bigint() - began);
      await once(child, 'spawn');
      samples.push({ totalNs: Number(process.hrtime.bigint() - began), blockedNs });
      this.#running.push(child);
    }
    return samples;
  }

  /** Kills all, one call after the other, and waits for their ends. */
  async release(): Promise<Released> {
    const killed = this.#running.splice(0);
    const ends = killed.map(({ result }) => result);
    const turns = new Turns();
    await sleep(10 * TICK_MS);
    turns.forget();
    const killNs: number[] = [];
    const began = process.hrtime.bigint();
    for (const child of killed) {
      const before = process.hrtime.bigint();
      child.kill('SIGKILL');
      killNs.push(Number(process.hrtime.bigint() - before));
    }
    await Promise.all(ends);
    const wholeNs = Number(process.hrtime.bigint() - began);
    await sleep(2 * TICK_MS);
    return { killNs, longestTurnNs: turns.end(), wholeNs };
  }
}

/** The longest time between two ticks of a timer. */
class Turns {
  #last: bigint = process.hrtime.bigint();
  #longestNs = 0;
  readonly #timer: NodeJS.Timeout = setInterval(() => this.#tick(), TICK_MS);

  forget(): void {
    this.#last = process.hrtime.bigint();
    this.#longestNs = 0;
  }

  end(): number {
    clearInterval(this.#timer);
    return this.#longestNs;
  }

  #tick(): void {
    const now = process.hrtime.bigint();
    this.#longestNs = Math.max(this.#longestNs, Number(now - this.#last));
    this.#last = now;
  }
}
