/** What the kernel's and the system's text files say, as values. Pure. */

import type { LimitValue, ResourceLimits } from '../definition/rlimits.js';
import type { Resource } from '../plan/constants.js';
import type { HostMount, IdRange } from './facts.js';

/** Lines of mountinfo. Spaces, tabs, newlines and backslashes of a path are in octal. proc_pid_mountinfo(5) */
export function mountsOf(text: string | undefined): readonly HostMount[] {
  const plain = (field: string | undefined): string =>
    (field ?? '').replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return (text ?? '')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields.length > 6)
    .map((fields) => ({
      id: Number(fields[0]),
      parent: Number(fields[1]),
      root: plain(fields[3]),
      path: plain(fields[4]),
      options: (fields[5] ?? '').split(','),
      type: fields[fields.indexOf('-') + 1] ?? '',
    }));
}

/** Lines of /proc/PID/uid_map: first id inside, first id outside, count. */
export function idRanges(text: string | undefined): readonly IdRange[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((numbers) => numbers.length === 3)
    .map(([inside = 0, outside = 0, count = 0]) => ({ inside, outside, count }));
}

/** Titles of /proc/PID/limits. proc(5) */
const LIMIT_TITLES: Readonly<Record<Resource, string>> = {
  cpu: 'Max cpu time',
  fsize: 'Max file size',
  data: 'Max data size',
  stack: 'Max stack size',
  core: 'Max core file size',
  rss: 'Max resident set',
  nproc: 'Max processes',
  nofile: 'Max open files',
  memlock: 'Max locked memory',
  as: 'Max address space',
  locks: 'Max file locks',
  sigpending: 'Max pending signals',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
};

export function resourceLimits(text: string | undefined): ResourceLimits {
  const value = (word: string | undefined): LimitValue => (word === 'unlimited' ? word : Number(word));
  const lines = (text ?? '').split('\n');
  const found = Object.entries(LIMIT_TITLES).flatMap(([resource, title]) => {
    const words = lines
      .find((line) => line.startsWith(title))
      ?.slice(title.length)
      .trim()
      .split(/\s+/);
    return words === undefined ? [] : [[resource, { soft: value(words[0]), hard: value(words[1]) }]];
  });
  return Object.fromEntries(found) as ResourceLimits;
}

/** Lines of subuid(5): name:first:count. */
export function subordinateRanges(text: string | undefined, names?: readonly string[]): readonly IdRange[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name = '', first = '', count = '', ...more]) => {
      const numbers = /^\d{1,10}$/.test(first) && /^\d{1,10}$/.test(count) && Number(count) > 0;
      return numbers && more.length === 0 && (names?.includes(name) ?? true);
    })
    .map(([, first, count]) => ({ inside: 0, outside: Number(first), count: Number(count) }));
}

/** The first two numbers of a release of the kernel. uname(2) */
export function kernelRelease(text: string): readonly [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0)];
}
