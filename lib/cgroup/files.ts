/**
 * Both versions of cgroups behind one interface: which file of which controller says or holds what. Data, and what
 * follows from it.
 */

import type { IoLimit, Limits } from '../definition/limits.js';
import type { Counter } from '../plan/constants.js';

/** A tree of cgroups that this process can make its own in, as `cgroup/` found it by making one. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** The directory below which ours are made. */
  readonly parent: string;
  /** The controllers that cgroups there can have. */
  readonly controllers: readonly string[];
  /** The files that they then have. */
  readonly files: readonly string[];
  /** Of version 1: what a mount of it is named by: all of its controllers, whether carrel knows them or not. */
  readonly options?: readonly string[];
}

/** What this process can do with cgroups. */
export interface CgroupFacts {
  readonly hierarchies: readonly CgroupHierarchy[];
  /** CPUs that are online. */
  readonly cpus: number;
  /** Why there are none, or not all of them: in words. */
  readonly obstacles: readonly string[];
  /** What would help. */
  readonly remedy: string;
}

/**
 * One of a cgroup's files: of which controller, and for a number in it, the word before it, and what makes it the unit
 * that is told.
 */
export interface CgroupFile {
  readonly controller: string;
  readonly file: string;
  readonly key?: string;
  readonly divisor?: number;
}

/** What is written to enforce a limit. */
export interface CgroupWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** A kernel may be built without the file, and is then asked for nothing. */
  readonly optional?: true;
}

/** The cgroups of all of carrel's containers are made in this one. */
export const BASE = 'carrel';

/** What every cgroup of version 2 has, and a controller of version 1 gives. cgroup-v2.rst, "Core Interface Files" */
export const CORE: readonly string[] = ['cpuacct', 'freezer'];

/** The controllers of a hierarchy, with those that version 2 has at its core. */
export function controllersOf({ version, controllers }: CgroupHierarchy): readonly string[] {
  return version === 2 ? [...controllers, ...CORE] : controllers;
}

/**
 * The hierarchy that has the controller, by its name in version 2; version 2 goes first, where a hybrid host has it in
 * both.
 */
export function hierarchyOf(facts: CgroupFacts, controller: string): CgroupHierarchy | undefined {
  const having = facts.hierarchies.filter((hierarchy) =>
    controllersOf(hierarchy).includes(controllerIn(hierarchy.version, controller)),
  );
  return having.find(({ version }) => version === 2) ?? having[0];
}

/** The name of a controller in a version: `io` was `blkio`. */
export function controllerIn(version: 1 | 2, controller: string): string {
  return version === 1 && controller === 'io' ? 'blkio' : controller;
}

type InVersions<Value> = { readonly 1?: Value; readonly 2?: Value };

/** Numbers that are told when a container is over, and by `stats()`. Microseconds, bytes, processes. */
export const COUNTED: Readonly<Record<Counter, InVersions<CgroupFile>>> = {
  memoryPeak: {
    2: { controller: 'memory', file: 'memory.peak' }, // since 5.19
    1: { controller: 'memory', file: 'memory.max_usage_in_bytes' },
  },
  oomKills: {
    2: { controller: 'memory', file: 'memory.events', key: 'oom_kill' },
    1: { controller: 'memory', file: 'memory.oom_control', key: 'oom_kill' },
  },
  cpu: {
    2: { controller: 'cpuacct', file: 'cpu.stat', key: 'usage_usec' },
    1: { controller: 'cpuacct', file: 'cpuacct.usage', divisor: 1000 },
  },
  cpuUser: {
    2: { controller: 'cpuacct', file: 'cpu.stat', key: 'user_usec' },
    1: { controller: 'cpuacct', file: 'cpuacct.usage_user', divisor: 1000 },
  },
  cpuSystem: {
    2: { controller: 'cpuacct', file: 'cpu.stat', key: 'system_usec' },
    1: { controller: 'cpuacct', file: 'cpuacct.usage_sys', divisor: 1000 },
  },
  throttled: {
    2: { controller: 'cpu', file: 'cpu.stat', key: 'throttled_usec' },
    1: { controller: 'cpu', file: 'cpu.stat', key: 'throttled_time', divisor: 1000 },
  },
  pidsPeak: {
    2: { controller: 'pids', file: 'pids.peak' }, // since 6.1
    1: { controller: 'pids', file: 'pids.peak' },
  },
  ioRead: {
    2: { controller: 'io', file: 'io.stat', key: 'rbytes' },
    1: { controller: 'blkio', file: 'blkio.throttle.io_service_bytes_recursive', key: 'Read' },
  },
  ioWritten: {
    2: { controller: 'io', file: 'io.stat', key: 'wbytes' },
    1: { controller: 'blkio', file: 'blkio.throttle.io_service_bytes_recursive', key: 'Write' },
  },
};

/** What is so at the moment. */
export const CURRENT = {
  memory: {
    2: { controller: 'memory', file: 'memory.current' },
    1: { controller: 'memory', file: 'memory.usage_in_bytes' },
  },
  /** With version 1, `memory` is part of it. */
  swap: {
    2: { controller: 'memory', file: 'memory.swap.current' },
    1: { controller: 'memory', file: 'memory.memsw.usage_in_bytes' },
  },
  pids: { 2: { controller: 'pids', file: 'pids.current' }, 1: { controller: 'pids', file: 'pids.current' } },
} as const satisfies Readonly<Record<string, InVersions<CgroupFile>>>;

/** How a container is frozen and thawed, and what says that it is. */
export const FREEZER = {
  2: {
    words: { file: 'cgroup.freeze', freeze: '1', thaw: '0' },
    state: { file: 'cgroup.events', frozen: /^frozen 1$/m },
  },
  1: {
    words: { file: 'freezer.state', freeze: 'FROZEN', thaw: 'THAWED' },
    state: { file: 'freezer.state', frozen: /^FROZEN$/m },
  },
} as const;

const PERIOD_US = 100_000;
const QUOTA_LEAST_US = 1000;

type Writer<Value> = InVersions<(value: Value, limits: Limits) => readonly CgroupWrite[] | undefined>;
type Enforced = Exclude<keyof Limits, 'cpuTime' | 'onUnsupported' | 'unified'>;

/** What enforces each limit; `undefined` where the version cannot. The order is the one in which they are written. */
export const WRITERS: { readonly [K in Enforced]: Writer<NonNullable<Limits[K]>> } = {
  memory: {
    2: (value) => [{ controller: 'memory', file: 'memory.max', value: `${value}` }],
    // What TCP buffers there is counted apart. Documentation/admin-guide/cgroup-v1/memory.rst
    1: (value) => [
      { controller: 'memory', file: 'memory.limit_in_bytes', value: `${value}` },
      { controller: 'memory', file: 'memory.kmem.tcp.limit_in_bytes', value: `${value}`, optional: true },
    ],
  },
  swap: {
    2: (value) => [{ controller: 'memory', file: 'memory.swap.max', value: `${value}` }],
    // Memory and swap together there: it cannot be less than memory alone, and is written after it.
    1: (value, { memory }) =>
      memory === undefined
        ? undefined
        : [{ controller: 'memory', file: 'memory.memsw.limit_in_bytes', value: `${memory + value}` }],
  },
  pids: {
    2: (value) => [{ controller: 'pids', file: 'pids.max', value: `${value}` }],
    1: (value) => [{ controller: 'pids', file: 'pids.max', value: `${value}` }],
  },
  cpus: {
    2: (value) => [{ controller: 'cpu', file: 'cpu.max', value: `${quotaOf(value)} ${PERIOD_US}` }],
    1: (value) => [
      { controller: 'cpu', file: 'cpu.cfs_period_us', value: `${PERIOD_US}` },
      { controller: 'cpu', file: 'cpu.cfs_quota_us', value: `${quotaOf(value)}` },
    ],
  },
  cpuWeight: {
    2: (value) => [{ controller: 'cpu', file: 'cpu.weight', value: `${value}` }],
    1: (value) => [{ controller: 'cpu', file: 'cpu.shares', value: `${sharesOf(value)}` }],
  },
  cpuset: {
    2: (value) => [{ controller: 'cpuset', file: 'cpuset.cpus', value }],
    1: (value) => [{ controller: 'cpuset', file: 'cpuset.cpus', value }],
  },
  io: {
    2: (value) =>
      Object.entries(value).map(([device, limit]) => ({
        controller: 'io',
        file: 'io.max',
        value: `${device} ${Object.entries(limit)
          .map(([rate, number]) => `${rate}=${number}`)
          .join(' ')}`,
      })),
    1: (value) =>
      Object.entries(value).flatMap(([device, limit]) =>
        Object.entries(limit).map(([rate, number]) => ({
          controller: 'blkio',
          file: THROTTLES[rate as keyof IoLimit],
          value: `${device} ${number}`,
        })),
      ),
  },
};

const THROTTLES: Readonly<Record<keyof IoLimit, string>> = {
  rbps: 'blkio.throttle.read_bps_device',
  wbps: 'blkio.throttle.write_bps_device',
  riops: 'blkio.throttle.read_iops_device',
  wiops: 'blkio.throttle.write_iops_device',
};

/** The controller that a limit is asked of, by its name in version 2. */
export const CONTROLLERS: Readonly<Record<Enforced | 'cpuTime', string>> = {
  memory: 'memory',
  swap: 'memory',
  pids: 'pids',
  cpus: 'cpu',
  cpuWeight: 'cpu',
  cpuset: 'cpuset',
  io: 'io',
  cpuTime: 'cpuacct',
};

function quotaOf(cpus: number): number {
  return Math.max(QUOTA_LEAST_US, Math.round(cpus * PERIOD_US));
}

/**
 * Version 1's shares for a weight: 1 is 2, the default 100 is the default 1024, 10000 is 262144. The inverse of the
 * curve through these three that OCI runtimes convert shares by, log10(weight) = (l² + 125 l) / 612 − 7 / 34 with l =
 * log2(shares).
 */
function sharesOf(weight: number): number {
  const l = (-125 + Math.sqrt(125 ** 2 + 4 * 612 * (Math.log10(weight) + 7 / 34))) / 2;
  return Math.round(2 ** l);
}
