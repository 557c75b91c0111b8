/** What cases are called in tables and charts. */

import type { Pace } from './worker.js';

const TITLES: Readonly<Record<string, string>> = {
  'carrel rootfs spawn': 'carrel, busybox root, spawn() → exit',
  'carrel rootfs run': 'carrel, busybox root, run() with pipes',
  'carrel rootfs spawn pipes': 'carrel, busybox root, spawn() with pipes',
  'carrel rootfs limits spawn': 'carrel, busybox root, limits()',
  'carrel rootfs unfiltered spawn': 'carrel, busybox root, without seccomp',
  'carrel rootfs landlock spawn': 'carrel, busybox root, with landlock()',
  'carrel running spawn': 'carrel, a command in a running container',
  'carrel pool run': 'carrel, a use of a pool, run() with pipes',
  'carrel running connect': 'carrel, connect() to a port of a running container',
  'carrel fork spawn': "carrel, host's programs, fork of a snapshot",
  'carrel variables first spawn': 'carrel, 10,000 variables, first time',
  'carrel variables spawn': 'carrel, 10,000 variables, again',
  'carrel layer spawn': 'carrel, overlay of 2 layers',
  'carrel layers first spawn': 'carrel, overlay of 100 layers, first time',
  'carrel layers spawn': 'carrel, overlay of 100 layers, again',
  'carrel spawn': "carrel, host's programs, spawn() → exit",
  'carrel run': "carrel, host's programs, run() with pipes",
  firejail: "firejail, host's programs",
  unshare: 'unshare(1), /proc only',
  'child_process spawn': 'child_process.spawn, no container',
  'child_process spawn pipes': 'child_process.spawn with pipes, no container',
  'child_process execFile': 'child_process.execFile, no container',
  reference: 'C program, the same calls, clone → reaped',
};

export function titleOf(name: string, pace: Pace = 'rested'): string {
  return `${TITLES[name] ?? name}${pace === 'rested' ? '' : `, ${pace}`}`;
}
