/** Where a command can run: what holds for one place holds for both. */

import type { Container, RunOptions, RunResult } from 'carrel';

/** Runs a script of sh(1). */
export type RunScript = (script: string, options: Omit<RunOptions, 'encoding'>) => Promise<RunResult>;

/** In a container of the command's own, and as a command that enters one. */
export const PLACES: Readonly<
  Record<string, (box: Container, use: (run: RunScript) => Promise<void>) => Promise<void>>
> = {
  'a container of its own': (box, use) => use((script, options) => box.run('sh', ['-c', script], options)),
  'a container that stays': async (box, use) => {
    await using running = await box.start();
    await use((script, options) => running.run('sh', ['-c', script], options));
  },
};
