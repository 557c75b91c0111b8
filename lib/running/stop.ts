/** How a command is asked to end. */

import { knownOptions, milliseconds, object } from '../definition/checks.js';

/** Options of {@link ContainerProcess.stop}. */
export interface StopOptions {
  /** Milliseconds between SIGTERM and SIGKILL, 0 to 2^31 − 1. Default: 10,000. */
  readonly grace?: number | undefined;
}

const GRACE_MS = 10_000;
/** The longest that a timer of Node's can wait. */
export const TIMER_MOST_MS = 2 ** 31 - 1;

export function checkGrace(options: StopOptions): number {
  object('options', options);
  knownOptions('stop()', options, ['grace']);
  return milliseconds('grace', options.grace ?? GRACE_MS, 0, TIMER_MOST_MS);
}

/** Has a command end by SIGTERM, or by SIGKILL where it has not ended in time; `ended` settles when it has. */
export function endWithin(grace: number, kill: (signal: NodeJS.Signals) => void, ended: Promise<unknown>): void {
  kill(grace === 0 ? 'SIGKILL' : 'SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), grace);
  const clear = (): void => clearTimeout(timer);
  ended.then(clear, clear);
}
