/**
 * When everything began, as the supervisor and the child have noted it in memory that both share: what comes with a
 * message `timing`.
 *
 * ```
 * TIMES │ u64 for each of `steps` │ ACT_TIME for each of `acts`
 * ```
 *
 * All times are those of the monotonic clock, in nanoseconds; 0: it did not come to that. Pure.
 */

import { type Layout, READ, readerOf, sizeOf, type ValuesOf } from './layout.js';
import { LISTS } from './messages.js';

/**
 * Moments between the steps: the supervisor runs, has checked the plan, clones the child, sees that the command runs,
 * that it has ended, has reaped it, is done. Each number is its place.
 */
export const MOMENTS = { forked: 0, checked: 1, cloned: 2, running: 3, ended: 4, reaped: 5, over: 6 } as const;

/** How much there is, and the moments. */
export const TIMES = {
  steps: 'u32',
  acts: 'u32',
  moments: { each: 'u64', of: MOMENTS },
} as const satisfies Layout;

/** When the supervisor began an act: of `before`, `after`, or the barrier `index`. */
export const ACT_TIME = {
  list: { oneOf: LISTS },
  index: 'u32',
  act: 'u32',
  atNs: 'u64',
} as const satisfies Layout;

const readHead = readerOf(TIMES);
const readAct = readerOf(ACT_TIME);
const STEP_SIZE = 8;

/** All that was noted. */
export interface Times {
  readonly moments: ValuesOf<typeof TIMES>['moments'];
  /** When the child came to each of its steps. */
  readonly steps: readonly number[];
  readonly acts: readonly ValuesOf<typeof ACT_TIME>[];
}

/** @throws RangeError for bytes that are none. */
export function readTimes(bytes: Buffer): Times {
  const head = sizeOf(TIMES);
  if (bytes.length < head) throw new RangeError('times without a head');
  const { moments, steps, acts } = readHead(bytes, 0);
  const actsAt = head + STEP_SIZE * steps;
  if (bytes.length < actsAt + sizeOf(ACT_TIME) * acts) throw new RangeError('times that are cut off');
  return {
    moments,
    steps: Array.from({ length: steps }, (_, index) => READ.u64(bytes, head + STEP_SIZE * index)),
    acts: Array.from({ length: acts }, (_, index) => readAct(bytes, actsAt + sizeOf(ACT_TIME) * index)),
  };
}
