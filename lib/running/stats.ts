/** What a container uses at the moment. */

import type { CgroupControl, Pressure } from '../cgroup/control.js';

/** What a container uses, from its cgroups; `undefined` is what the host does not tell. */
export interface Stats {
  /** When it was read, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** CPU time of all of the container, in milliseconds. `cpu.stat` usage_usec; cgroup v1 `cpuacct.usage`. */
  readonly cpuMs: number | undefined;
  /**
   * Of it in user mode, in milliseconds. `cpu.stat` user_usec; cgroup v1 `cpuacct.usage_user`, which is counted by
   * ticks.
   */
  readonly userMs: number | undefined;
  /**
   * Of it in the kernel, in milliseconds. `cpu.stat` system_usec; cgroup v1 `cpuacct.usage_sys`, which is counted by
   * ticks.
   */
  readonly systemMs: number | undefined;
  /**
   * For how long it was held back by `limits({ cpus })`, in milliseconds. `cpu.stat` throttled_usec; cgroup v1
   * throttled_time.
   */
  readonly throttledMs: number | undefined;
  /** Bytes of memory. `memory.current`; cgroup v1 `memory.usage_in_bytes`. */
  readonly memoryBytes: number | undefined;
  /** The most bytes of it that there were. `memory.peak`, Linux 5.19; cgroup v1 `memory.max_usage_in_bytes`. */
  readonly peakMemoryBytes: number | undefined;
  /** Bytes of swap space. `memory.swap.current`; cgroup v1 `memory.memsw.usage_in_bytes` less the memory. */
  readonly swapBytes: number | undefined;
  /** OOM kills. `memory.events` oom_kill; cgroup v1 `memory.oom_control`. */
  readonly oomKills: number | undefined;
  /** Processes and threads. `pids.current` */
  readonly pids: number | undefined;
  /** The most of them that there were. `pids.peak`, Linux 6.1 */
  readonly peakPids: number | undefined;
  /**
   * Bytes read from block devices. `io.stat` rbytes; cgroup v1 `blkio.throttle.io_service_bytes_recursive`, with
   * `limits({ io })`.
   */
  readonly readBytes: number | undefined;
  /** Bytes written to block devices. `io.stat` wbytes; in cgroup v1 without buffered writes. */
  readonly writtenBytes: number | undefined;
  /** Whether it is paused. `cgroup.events` frozen; cgroup v1 `freezer.state`. */
  readonly paused: boolean | undefined;
  /**
   * How long its processes wait for what there is not enough of. `cpu.pressure`, `memory.pressure`, `io.pressure`;
   * cgroup v2, Linux 4.20 with PSI.
   */
  readonly pressure: {
    /** For a CPU. */
    readonly cpu: Pressure | undefined;
    /** For memory. */
    readonly memory: Pressure | undefined;
    /** For block devices. */
    readonly io: Pressure | undefined;
  };
}

/** Reads them all. */
export async function readStats(control: CgroupControl): Promise<Stats> {
  const [numbers, paused, cpu, memory, io] = await Promise.all([
    control.numbers(),
    control.frozen(),
    control.pressure('cpu'),
    control.pressure('memory'),
    control.pressure('io'),
  ]);
  return Object.freeze({
    timeMs: Date.now(),
    cpuMs: milliseconds(numbers.cpu),
    ...splitCpu(numbers.cpu, numbers.cpuUser, numbers.cpuSystem),
    throttledMs: milliseconds(numbers.throttled),
    memoryBytes: numbers.memory,
    peakMemoryBytes: numbers.memoryPeak,
    swapBytes: swapOf(numbers.swap, numbers.memory, control.countsSwapWithMemory),
    oomKills: numbers.oomKills,
    pids: numbers.pids,
    peakPids: numbers.pidsPeak,
    readBytes: numbers.ioRead,
    writtenBytes: numbers.ioWritten,
    paused,
    pressure: Object.freeze({ cpu, memory, io }),
  });
}

/**
 * CPU time in user mode and in the kernel, in milliseconds, so that both together are all. Version 1 counts the parts
 * by ticks and the whole exactly; the kernel itself does the same for a process. `undefined` where it is not known.
 */
export function splitCpu(
  all: number | undefined,
  user: number | undefined,
  system: number | undefined,
): { readonly userMs: number | undefined; readonly systemMs: number | undefined } {
  if (all === undefined || user === undefined || system === undefined)
    return { userMs: undefined, systemMs: undefined };
  const userUs = user + system === 0 ? all : (all * user) / (user + system);
  return { userMs: Math.round(userUs) / 1000, systemMs: (all - Math.round(userUs)) / 1000 };
}

/** Of a counter in microseconds. `undefined` where it is not known. */
export function milliseconds(microseconds: number | undefined): number | undefined {
  return microseconds === undefined ? undefined : microseconds / 1000;
}

function swapOf(swap: number | undefined, memory: number | undefined, together: boolean): number | undefined {
  if (!together || swap === undefined || memory === undefined) return together ? undefined : swap;
  return Math.max(0, swap - memory);
}
