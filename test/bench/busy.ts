/** How much of the machine's time is used, and how many containers it has room for. */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** USER_HZ, in which /proc/stat counts: 100 on every architecture that Node runs on. proc_stat(5) */
const TICK_MS = 10;
/** One idle container: supervisor, init and command; a descriptor in Node; about 700 KB with the kernel's memory. */
const [PROCESSES, DESCRIPTORS, BYTES] = [3, 1, 2 ** 20];
/** What else may run meanwhile. */
const [SPARE_PROCESSES, SPARE_DESCRIPTORS, SPARE_BYTES] = [1000, 200, 2 ** 30];

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

/**
 * The time that all processors together have worked, in milliseconds: the first line of /proc/stat but for idle,
 * iowait, and guests' time, which user has.
 */
export function busyMs(): number {
  const { busy } = ticks();
  return busy * TICK_MS;
}

/** The part of all processors' time that was used for `ms` milliseconds, from 0 to 1. The caller does nothing then. */
export async function busyShare(ms: number): Promise<number> {
  const before = ticks();
  await sleep(ms);
  const after = ticks();
  return (after.busy - before.busy) / Math.max(1, after.all - before.all);
}

/** Waits until the kernel has taken down what ended, or `atMostMs` are over. */
export async function settle(atMostMs: number): Promise<void> {
  const until = performance.now() + atMostMs;
  while (performance.now() < until && (await busyShare(500)) > 0.1);
}

/** Why this machine has no room for so many idle containers of this process, if it has none. */
export function noRoomFor(count: number): string | undefined {
  const { processes, descriptors, bytes } = {
    processes: count * PROCESSES + SPARE_PROCESSES + readdirSync('/proc').filter((name) => /^\d/.test(name)).length,
    descriptors: count * DESCRIPTORS + SPARE_DESCRIPTORS,
    bytes: count * BYTES + SPARE_BYTES,
  };
  const limits = read('/proc/self/limits') ?? '';
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1] ?? 0) * 1024;
  const rows: readonly (readonly [what: string, has: number, needs: number])[] = [
    ['kernel.pid_max', number('/proc/sys/kernel/pid_max'), processes],
    ['kernel.threads-max', number('/proc/sys/kernel/threads-max'), processes],
    ['the limit of processes', limitOf(limits, 'Max processes'), processes],
    ['the limit of open files', limitOf(limits, 'Max open files'), descriptors],
    ...['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(
      (name) => [`user.max_${name}_namespaces`, number(`/proc/sys/user/max_${name}_namespaces`), count + 10] as const,
    ),
    ['the memory that is available', available, bytes],
  ];
  const short = rows.find(([, has, needs]) => has < needs);
  return short && `${count} idle containers need ${short[2]} of ${short[0]}, and there are ${short[1]}`;
}

/** Steal time is another machine's: nobody here had it. */
function ticks(): Ticks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq;
  return { busy, all: busy + idle + wait + steal };
}

function number(path: string): number {
  return Number(read(path) ?? Number.POSITIVE_INFINITY);
}

/** The soft limit: Node raises that of open files to the hard one, for itself and what it starts. */
function limitOf(limits: string, name: string): number {
  const [, soft = '', hard = ''] = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(limits) ?? [];
  const value = name === 'Max open files' ? hard : soft;
  return value === 'unlimited' || value === '' ? Number.POSITIVE_INFINITY : Number(value);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // this kernel has no such limit
  }
}
