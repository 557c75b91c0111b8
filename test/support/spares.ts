/** The launcher's spare, as the host's /proc shows it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { launcherPid } from '#lib/launch/launcher.js';
import { readProcesses } from './processes.js';
import { until } from './waiting.js';

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

/** Of commands that enter containers of this process: those that wait for their plan. */
export function waitingNow(): readonly Spare[] {
  const table = readProcesses();
  return [...table.values()].flatMap(({ pid, parent, comm }) => {
    const supervisor = table.get(parent);
    const guard = table.get(supervisor?.parent ?? 0);
    const launcher = table.get(guard?.parent ?? 0);
    const isOne = comm === 'carrel-spare' && supervisor?.comm === 'carrel-spare' && guard?.comm === 'carrel';
    return isOne && launcher?.parent === process.pid ? [{ supervisor: parent, child: pid }] : [];
  });
}

/** Waits until there is one, and no other. */
export function waitingAfter(): Promise<Spare> {
  return until(() => {
    const [waiting, ...others] = waitingNow();
    return others.length === 0 && waiting;
  });
}
