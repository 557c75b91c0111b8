/** Commands of running containers that were begun ahead of their call, as the host's /proc shows them. */

import { readProcesses } from './processes.js';
import { until } from './waiting.js';

export interface Begun {
  readonly supervisor: number;
  readonly child: number;
}

/** Of commands that enter containers of this process: those that wait for their plan. */
export function waitingNow(): readonly Begun[] {
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
export function waitingAfter(): Promise<Begun> {
  return until(() => {
    const [waiting, ...others] = waitingNow();
    return others.length === 0 && waiting;
  });
}
