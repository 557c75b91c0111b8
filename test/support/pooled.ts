/** Pools, as tests use them. */

import { readFileSync } from 'node:fs';
import type { ContainerProcess, Pool } from 'carrel';
import { descendants } from './processes.js';
import { until } from './waiting.js';

/** Waits until so many are ready. */
export async function ready(pool: Pool, count: number): Promise<void> {
  await until(() => pool.idle === count);
}

/** The first processes of containers of this process that wait for their use: PID 1 of each, as the host numbers it. */
export function waitingFirsts(): readonly number[] {
  const all = descendants(process.pid);
  return all
    .filter(({ comm, parent }) => comm === 'carrel-spare' && all.some((one) => one.pid === parent && isInit(one.comm)))
    .map(({ parent }) => parent);
}

function isInit(comm: string): boolean {
  return comm === 'carrel-init';
}

/** PID 1 of the container that a command is in, as the host numbers it: its parent. */
export function firstOf({ pid }: ContainerProcess): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
