/** Who is measured, and in which turns: a slow moment of the machine is everybody's. */

import type { Sample } from './cases.js';
import type { Measuring } from './measuring.js';
import type { Held } from './results.js';
import type { Pace } from './worker.js';

/** Something to measure, and the samples of it that are kept. */
export interface Contender {
  readonly name: string;
  readonly held: Held;
  readonly pace: Pace;
  readonly totalNs: number[];
  readonly blockedNs: number[];
  /** Samples a turn, and each how many rounds: what is slow has fewer. */
  readonly batch: number;
  readonly every: number;
  readonly measure: (count: number) => Promise<readonly (Pick<Sample, 'totalNs'> & Partial<Sample>)[]>;
  readonly delay?: (count: number) => Promise<number>;
}

/** What of this many milliseconds gets fewer samples, and of the second number yet fewer. */
const [SLOW_MS, SLOWEST_MS] = [20, 250];
/** So many starts follow each other without a turn of the event loop: as many as a server may have to do at once. */
const AT_ONCE = 8;

/** Cases whose longest turn of the event loop is told. */
const TURNS = ['carrel rootfs spawn', 'carrel spawn', 'child_process spawn'];
/** Cases of what is large. */
const HEAVY = / (variables|layer|layers) /;
const HEAVY_EVERY = 4;

/** `trialMs`: what one start takes, where that is known. */
export function contender(worker: Measuring, name: string, pace: Pace, batch: number, trialMs: number): Contender {
  const held = { kind: worker.kind, bytes: worker.bytes };
  return {
    name,
    held,
    pace,
    totalNs: [],
    blockedNs: [],
    batch: trialMs > SLOW_MS ? 1 : pace === 'at once' ? Math.max(batch, AT_ONCE) : batch,
    every: HEAVY.test(name) ? HEAVY_EVERY : trialMs > SLOWEST_MS ? 8 : trialMs > SLOW_MS ? 2 : 1,
    measure: (count) => worker.measure(name, count, pace),
    ...(TURNS.includes(name) && pace === 'rested' && { delay: (count: number) => worker.delay(name, count) }),
  };
}

/** Each round begins with another, every other one goes backwards: who comes after whom is no advantage to anybody. */
export async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    const order = [...contenders.slice(first), ...contenders.slice(0, first)];
    for (const contender of round % 2 === 0 ? order : order.reverse()) {
      if (round % contender.every !== 0) continue;
      for (const { totalNs, blockedNs } of await contender.measure(contender.batch)) {
        contender.totalNs.push(totalNs);
        if (blockedNs !== undefined) contender.blockedNs.push(blockedNs);
      }
    }
  }
}
