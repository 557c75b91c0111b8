/** What a signal ends. */

import { abortSignal } from '../../definition/checks.js';

/**
 * Rejects with the signal's reason once it is aborted. What was begun goes on by itself, as far as nothing stops it
 * that asks the signal.
 */
export function aborting<Result>(signal: AbortSignal | undefined, begin: () => Promise<Result>): Promise<Result> {
  abortSignal('signal', signal);
  if (signal === undefined) return begin();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    begin()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
