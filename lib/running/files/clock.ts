/** The time that a server has for a list of steps. */

import { serverTimeout } from '../../errors/errors.js';
import type { Answer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import type { Server } from './server.js';

/** Performs a list. One that is not done after `clockMs` rejects, and `late` is told, which gives the server up. */
export async function performInTime(
  server: Pick<Server, 'perform'>,
  steps: readonly ServedStep[],
  clockMs: number,
  late: () => void,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<never>((_, reject) => {
    // An answer may be there that this process had no time to read: it comes before what follows.
    const giveUp = (): void => {
      if (timer === undefined) return;
      reject(serverTimeout(clockMs));
      late();
    };
    timer = setTimeout(() => setImmediate(giveUp), clockMs);
  });
  try {
    return await Promise.race([server.perform(steps), time]);
  } finally {
    clearTimeout(timer);
    timer = undefined;
  }
}
