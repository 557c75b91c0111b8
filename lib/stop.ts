/** How a command is asked to end. */

import { integer, knownOptions, object } from './definition/checks.js';

/** Options of {@link ContainerProcess.stop}. */
export interface StopOptions {
  /** Milliseconds between SIGTERM and SIGKILL, 0 to 2^31 − 1. Default: 10,000. */
  readonly grace?: number | undefined;
}

const GRACE_MS = 10_000;
/** What a timer of Node's can wait at the most. */
const TIMER_MOST_MS = 2 ** 31 - 1;

export function checkGrace(options: StopOptions): number {
  object('options', options);
  knownOptions('stop()', options, ['grace']);
  return integer('grace', options.grace ?? GRACE_MS, 0, TIMER_MOST_MS);
}
