/** Where a command can run: what holds for one place holds for all. */

import type { Container, RunOptions, RunResult } from 'carrel';
import { until } from './waiting.js';

/** Runs a script of sh(1). */
export type RunScript = (script: string, options: Omit<RunOptions, 'encoding'>) => Promise<RunResult>;

/** In a container of the command's own, as a command that enters one, and in a container that has waited for it. */
export const PLACES: Readonly<
  Record<string, (box: Container, use: (run: RunScript) => Promise<void>) => Promise<void>>
> = {
  'a container of its own': (box, use) => use((script, options) => box.run('sh', ['-c', script], options)),
  'a container that stays': async (box, use) => {
    await using running = await box.start();
    await use((script, options) => running.run('sh', ['-c', script], options));
  },
  'a container of a pool': (box, use) =>
    use(async (script, options) => {
      await using pool = box.pool({ size: 1 });
      await until(() => pool.idle === 1);
      return await pool.run('sh', ['-c', script], options);
    }),
};
