/** What the next start takes beside containers that run already, and how those end. */

import type { Sample } from './cases.js';
import type { Measuring } from './measuring.js';
import type { Ending, Growth, Idle, Reached } from './results.js';
import { summarize } from './statistics.js';

export interface GrowthOptions {
  /** How many are idle while others start, in rising order. */
  readonly levels: readonly number[];
  /** Samples of each at each level, a round. */
  readonly count: number;
  /** What starts beside them. */
  readonly names: readonly string[];
}

/** So many before the n-th tell what the n-th takes. */
const WINDOW = 50;
const BATCH = 5;

/** The samples of one worker, which is asked in rounds: two workers can take turns. */
export class Growing {
  readonly #worker: Measuring;
  readonly #options: GrowthOptions;
  readonly #starts = new Map<string, Sample[]>();
  readonly #reached = new Map<number, Sample[]>();
  readonly #endings: { readonly killNs: readonly number[]; readonly turnNs: number; readonly wholeNs: number }[] = [];

  constructor(worker: Measuring, options: GrowthOptions) {
    this.#worker = worker;
    this.#options = options;
  }

  /** One time from none to the last level and back. */
  async round(): Promise<void> {
    const { levels } = this.#options;
    let held = 0;
    for (const level of [0, ...levels]) {
      const samples = await this.#worker.hold(level);
      for (const nth of levels)
        if (nth > held && nth <= level) listOf(this.#reached, nth).push(...samples.slice(-WINDOW));
      held = level;
      await this.#starting(level);
    }
    const { killNs, longestTurnNs, wholeNs } = await this.#worker.release();
    this.#endings.push({ killNs, turnNs: longestTurnNs, wholeNs });
  }

  get found(): Growth {
    const { levels, names } = this.#options;
    const starts = [0, ...levels].flatMap((idle) =>
      names.map((name): Idle => {
        const samples = listOf(this.#starts, `${name} ${idle}`);
        return {
          name,
          idle,
          totalNs: summarize(samples.map(({ totalNs }) => totalNs)),
          blockedNs: summarize(samples.map(({ blockedNs }) => blockedNs)),
        };
      }),
    );
    const reached = levels.map((nth): Reached => {
      const samples = listOf(this.#reached, nth);
      return {
        nth,
        totalNs: summarize(samples.map(({ totalNs }) => totalNs)),
        blockedNs: summarize(samples.map(({ blockedNs }) => blockedNs)),
      };
    });
    const ending: Ending = {
      containers: levels.at(-1) ?? 0,
      killNs: summarize(this.#endings.flatMap(({ killNs }) => killNs)),
      allKillsNs: summarize(this.#endings.map(({ killNs }) => killNs.reduce((sum, ns) => sum + ns, 0))),
      longestTurnNs: summarize(this.#endings.map(({ turnNs }) => turnNs)),
      wholeNs: summarize(this.#endings.map(({ wholeNs }) => wholeNs)),
    };
    return { starts, reached, ending };
  }

  async #starting(idle: number): Promise<void> {
    const { names, count } = this.#options;
    for (let done = 0; done < count; done += BATCH)
      for (const name of names)
        listOf(this.#starts, `${name} ${idle}`).push(...(await this.#worker.measure(name, BATCH, 'rested')));
  }
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
