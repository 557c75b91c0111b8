/** Limits on what a container may use. */

import { invalidType, invalidValue, outOfRange, withRemedy } from '../errors/errors.js';
import { bytes, integer, knownOptions, object, oneOf, text } from './checks.js';

/** Limits of one block device, per second. */
export interface IoLimit {
  /** Bytes read in a second. */
  readonly rbps?: number;
  /** Bytes written in a second. */
  readonly wbps?: number;
  /** Reads in a second. */
  readonly riops?: number;
  /** Writes in a second. */
  readonly wiops?: number;
}

/**
 * The limits of a container, checked: sizes in bytes, CPU time in milliseconds. {@link LimitsInput} says what each
 * means. A limit that is left out does not exist.
 */
export interface Limits {
  readonly memory?: number;
  readonly swap?: number;
  readonly pids?: number;
  readonly cpus?: number;
  readonly cpuWeight?: number;
  readonly cpuset?: string;
  readonly io?: Readonly<Record<string, IoLimit>>;
  readonly cpuTime?: number;
  readonly unified?: Readonly<Record<string, string>>;
  readonly onUnsupported: 'error' | 'warn';
}

/** A limit of one block device as it is written: sizes as bytes or a text such as `'10m'`. */
export interface IoLimitInput {
  /** Bytes read in a second, or a text such as `'10m'`, from 1 on. */
  readonly rbps?: number | string | undefined;
  /** Bytes written in a second, or a text, from 1 on. */
  readonly wbps?: number | string | undefined;
  /** Reads in a second, 1 to 2^32 − 1. */
  readonly riops?: number | undefined;
  /** Writes in a second, 1 to 2^32 − 1. */
  readonly wiops?: number | undefined;
}

/** What {@link ContainerProcess.update} takes. What is left out stays as it is. */
export interface LimitsUpdate {
  /**
   * Limits the memory of all of the container. A container that needs more ends, with reason `oom`. Files in a file
   * system in memory, such as /tmp, count too, and so does the page cache, which the kernel takes back first. Bytes, or
   * a text such as `'64m'`; 4096 or more. OCI `memory.limit`; `memory.max`, or `memory.limit_in_bytes` of cgroup v1.
   */
  readonly memory?: number | string | undefined;
  /**
   * Limits swap space beyond `memory`. Bytes or a text, from 0 on. Default: 0 where `memory` is given, else without
   * limit. `memory.swap.max`, or `memory.memsw.limit_in_bytes` of cgroup v1, which needs `memory` as well.
   */
  readonly swap?: number | string | undefined;
  /**
   * Limits processes and threads at a time. Beyond it, `fork` fails with EAGAIN. carrel's init does not count. From 1
   * to
   * 4194304. OCI `pids.limit`; `pids.max`.
   */
  readonly pids?: number | undefined;
  /**
   * Limits CPU time per time: `0.5` is 50 of every 100 milliseconds; beyond it, processes wait. CPUs, from 0.01 to
   * 10000. OCI `cpu.quota`; `cpu.max`, or `cpu.cfs_quota_us` of cgroup v1.
   */
  readonly cpus?: number | undefined;
  /**
   * Sets the share of CPU time where there is not enough for all. From 1 to 10000; the kernel's default is 100.
   * `cpu.weight`, or `cpu.shares` of cgroup v1, where 100 is 1024.
   */
  readonly cpuWeight?: number | undefined;
  /** Sets the only CPUs to run on: `'0-1'`, `'0,2'`. OCI `cpu.cpus`; `cpuset.cpus`. cpuset(7) */
  readonly cpuset?: string | undefined;
  /**
   * Limits block devices by their number, `{ '8:0': { wbps: '10m' } }`; beyond it, processes wait. OCI `blockIO`;
   * `io.max`, or `blkio.throttle.*` of cgroup v1, which does not hold buffered writes.
   */
  readonly io?: Readonly<Record<string, IoLimitInput>> | undefined;
  /**
   * Limits the CPU time of all of the container together. When it is used up, the container ends, with reason
   * `cpu-timeout`. The supervisor looks at the cgroup's counter whenever that can have happened. Milliseconds, from 1
   * to 2^32 − 1.
   */
  readonly cpuTime?: number | undefined;
}

/** What {@link Container.limits} takes. */
export interface LimitsInput extends LimitsUpdate {
  /**
   * Writes files of cgroup v2 that have no option here: `{ 'memory.high': '48m' }`. Cgroup v1 has none of them. OCI
   * `unified`.
   */
  readonly unified?: Readonly<Record<string, string>> | undefined;
  /**
   * Says what happens where this host cannot enforce a limit. `'error'` throws at the start, with code
   * `ERR_CGROUP_UNAVAILABLE`. `'warn'` starts without the limit, and lists it in `degraded` of the result. Default:
   * `'error'`.
   */
  readonly onUnsupported?: 'error' | 'warn' | undefined;
}

const UPDATABLE = ['memory', 'swap', 'pids', 'cpus', 'cpuWeight', 'cpuset', 'io', 'cpuTime'] as const;
const NAMES = [...UPDATABLE, 'unified', 'onUnsupported'] as const;
const RATES = ['rbps', 'wbps', 'riops', 'wiops'] as const;

/** The kernel holds memory in pages of this size or larger. */
const PAGE = 4096;
/** PID_MAX_LIMIT of linux/threads.h. */
const PIDS_MOST = 4_194_304;
const CPUS_LEAST = 0.01;
const CPUS_MOST = 10_000;
const CPU_TIME_MOST = 2 ** 32 - 1;

type Check = (name: string, value: unknown) => unknown;

const CHECKS: Readonly<Record<(typeof NAMES)[number], Check>> = {
  memory: checkMemory,
  swap: (name, value) => (value === 0 || value === '0' ? 0 : bytes(name, value)),
  pids: (name, value) => integer(name, value, 1, PIDS_MOST),
  cpus: checkCpus,
  cpuWeight: (name, value) => integer(name, value, 1, 10_000),
  cpuset: checkCpuset,
  io: (name, value) => entries(name, value, /^\d+:\d+$/, 'a device as "major:minor"', checkIo),
  cpuTime: (name, value) => integer(name, value, 1, CPU_TIME_MOST),
  unified: (name, value) =>
    entries(name, value, /^(?!cgroup\.)[a-z0-9_]+(\.[a-z0-9_]+)+$/, 'a file such as "memory.high"', text),
  onUnsupported: (name, value) => oneOf(name, value, ['error', 'warn']),
};

function checkMemory(name: string, value: unknown): number {
  const size = bytes(name, value);
  // Nobody means so few bytes: other tools and systems count in mebibytes.
  if (size < PAGE) throw withRemedy(outOfRange(name, `at least ${PAGE} bytes`, value), `'${size}m' for mebibytes`);
  return size;
}

export function checkLimits(value: unknown): Limits {
  return { onUnsupported: 'error', ...check('limits', value, NAMES) } as Limits;
}

/** Limits of one command, checked. What is left out is as the container has it. */
export type CommandLimits = Partial<Limits>;

export function checkCommandLimits(value: unknown): CommandLimits {
  return check('limits', value, NAMES) as CommandLimits;
}

export function checkLimitsUpdate(value: unknown): Limits {
  return { onUnsupported: 'error', ...check('update()', value, UPDATABLE) } as Limits;
}

function check(where: string, value: unknown, names: readonly (typeof NAMES)[number][]): object {
  object(where, value);
  knownOptions(where, value as object, names);
  const given = Object.entries(value as object).filter(([, limit]) => limit !== undefined);
  return Object.fromEntries(
    given.map(([name, limit]) => [name, CHECKS[name as (typeof NAMES)[number]](`${where}.${name}`, limit)]),
  );
}

function checkCpus(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value >= CPUS_LEAST && value <= CPUS_MOST)) throw outOfRange(name, `from ${CPUS_LEAST} to ${CPUS_MOST}`, value);
  return value;
}

function checkCpuset(name: string, value: unknown): string {
  const list = text(name, value);
  if (!/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(list))
    throw invalidValue(name, 'a list of CPUs such as "0-1,3"', value);
  return list;
}

function checkIo(name: string, value: unknown): IoLimit {
  object(name, value);
  knownOptions(name, value as object, RATES);
  const given = Object.entries(value as IoLimitInput).filter(([, rate]) => rate !== undefined);
  if (given.length === 0) throw invalidValue(name, `an object with one of ${RATES.join(', ')} at least`, value);
  return Object.fromEntries(
    given.map(([rate, limit]) => [
      rate,
      rate.endsWith('bps') ? bytes(`${name}.${rate}`, limit) : integer(`${name}.${rate}`, limit, 1, 2 ** 32 - 1),
    ]),
  );
}

function entries(name: string, value: unknown, keys: RegExp, what: string, each: Check): object {
  object(name, value);
  const given = Object.entries(value as object).filter(([, entry]) => entry !== undefined);
  const wrong = given.find(([key]) => !keys.test(key));
  if (wrong !== undefined) throw invalidValue(`${name}: a key`, what, wrong[0]);
  return Object.fromEntries(given.map(([key, entry]) => [key, each(`${name}["${key}"]`, entry)]));
}
