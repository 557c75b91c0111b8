/** The launcher's spare, as the host's /proc shows it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { launcherPid } from '#lib/launch/launcher.js';
import { readProcesses } from './processes.js';

export interface Spare {
  readonly supervisor: number;
  readonly child: number;
}

/** The one of this process's launcher. */
export function spareNow(): Spare | undefined {
  const table = [...readProcesses().values()].filter(({ comm, state }) => comm === 'carrel-spare' && state !== 'Z');
  const supervisor = table.find(({ parent }) => parent === launcherPid());
  const child = table.find(({ parent }) => parent === supervisor?.pid);
  return supervisor === undefined || child === undefined ? undefined : { supervisor: supervisor.pid, child: child.pid };
}

/** Has a container started by `start`, and waits until there is a spare like it. */
export async function spareAfter(start: () => Promise<unknown>): Promise<Spare> {
  for (;;) {
    await start();
    // A launcher that got no processor in time gives up, until it is asked for something again.
    for (let tries = 0; tries < 2000; tries += 1) {
      const found = spareNow();
      if (found !== undefined) return found;
      await sleep(1);
    }
  }
}
