/** How a container's processes stand to others on the machine: which CPUs they use, and who runs first. */

import { invalidType, invalidValue } from '../errors/errors.js';
import { array, integer } from './checks.js';

/** The most that Linux is built for. CONFIG_NR_CPUS */
const CPU_LAST = 8191;

/** Nice value: −20 runs first, 19 last. nice(2) */
export function checkNice(value: unknown): number {
  return integer('nice', value, -20, 19);
}

/** The kernel never kills −1000, and kills 1000 first. proc(5), oom_score_adj */
export function checkOomScoreAdj(value: unknown): number {
  return integer('oomScoreAdj', value, -1000, 1000);
}

/** CPUs in order, each once: `[0, 2]`, or as cpuset(7) lists them, `'0-3,8'`. */
export function checkCpuAffinity(value: unknown): readonly number[] {
  const cpus = typeof value === 'string' ? cpuList(value) : checkList(value);
  if (cpus.length === 0) throw invalidValue('cpuAffinity', 'a list of at least one CPU', value);
  return [...new Set(cpus)].sort((a, b) => a - b);
}

function checkList(value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw invalidType('cpuAffinity', 'an array of numbers, or a string such as "0-3"', value);
  return array('cpuAffinity', value).map((cpu, index) => integer(`cpuAffinity[${index}]`, cpu, 0, CPU_LAST));
}

function cpuList(value: string): readonly number[] {
  return value.split(',').flatMap((part) => {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (match === null) throw invalidValue('cpuAffinity', 'CPUs such as "0-3,8"', value);
    const first = integer('cpuAffinity', Number(match[1]), 0, CPU_LAST);
    const last = integer('cpuAffinity', Number(match[2] ?? match[1]), 0, CPU_LAST);
    if (last < first) throw invalidValue('cpuAffinity', 'ranges that end where they begin, or later', value);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
