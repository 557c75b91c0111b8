/**
 * The processes of the machine, as a test file sees them: its own, those of test files beside it, and everybody else's.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './waiting.js';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly comm: string;
  readonly state: string;
  /** In clock ticks since boot: with the pid, it names a process for good. */
  readonly startTime: string;
  /** Clock ticks that it had a processor, its own code's and the kernel's. */
  readonly ticks: number;
}

export type ProcessTable = ReadonlyMap<number, ProcessEntry>;

export function readProcesses(): ProcessTable {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const entries = pids.map(readProcess).filter((entry) => entry !== undefined);
  return new Map(entries.map((entry) => [entry.pid, entry]));
}

/**
 * `own`: started by this test file. `beside`: by another file of the same run. `orphan`: a process of carrel that has
 * lost its starter.
 */
export function ownerOf(pid: number, table: ProcessTable): 'own' | 'beside' | 'orphan' | 'other' {
  for (let entry = table.get(pid); entry !== undefined; entry = table.get(entry.parent)) {
    if (entry.parent === process.pid) return 'own';
    if (entry.parent === process.ppid) return 'beside';
  }
  return hasLostItsStarter(pid, table) ? 'orphan' : 'other';
}

/** The process, who made it, and who made that one, as far as they are there, but not `top` nor anything above it. */
export function ancestors(pid: number, top?: number): readonly number[] {
  const table = readProcesses();
  const pids: number[] = [];
  for (let entry = table.get(pid); entry !== undefined && entry.pid !== top; entry = table.get(entry.parent))
    pids.push(entry.pid);
  return pids;
}

/** What a process has made, and what that has made, each behind who made it. */
export function descendants(pid: number, table: ProcessTable = readProcesses()): readonly ProcessEntry[] {
  const children = [...table.values()].filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendants(child.pid, table)]);
}

/** Children of this process that are carrel's launchers. */
export function launchers(): readonly number[] {
  const own = [...readProcesses().values()].filter(({ parent, comm }) => parent === process.pid && comm === 'carrel');
  return own.map(({ pid }) => pid);
}

/**
 * carrel's servers below this process, each behind its supervisor. `first` is PID 1 of the container that runs, if one
 * does: what stands above it serves nothing. What was there at another time tells less: a spare becomes a supervisor.
 */
export function servers(first?: number): readonly ProcessEntry[] {
  const known = first === undefined ? launchers() : ancestors(first);
  return descendants(process.pid).filter(({ pid, comm }) => comm === 'carrel' && !known.includes(pid));
}

/** Signals one process, which must be there: number 0 would be all of this group, which is the whole run. kill(2) */
export function signalOne(pid: number | undefined, signal: NodeJS.Signals): void {
  assert.ok(pid !== undefined && pid > 0, 'there is no such process');
  process.kill(pid, signal);
}

/** Waits until none of the processes is there, not even as a zombie. */
export async function haveEnded(...pids: readonly number[]): Promise<void> {
  await until(() => {
    const table = readProcesses();
    return !pids.some((pid) => table.has(pid));
  });
}

/**
 * Whether a process sleeps, which it may take a while to come to. One that is busy has had the processor every time one
 * looks.
 */
export async function rests(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 30; tries += 1) {
    const before = readProcesses().get(pid);
    await sleep(200);
    const after = readProcesses().get(pid);
    if (before?.state === 'S' && after?.state === 'S' && before.ticks === after.ticks) return true;
  }
  return false;
}

/**
 * Whether above a process of carrel's there is no other program: those of another run, or of another user, have their
 * node.
 */
function hasLostItsStarter(pid: number, table: ProcessTable): boolean {
  let entry = table.get(pid);
  if (entry === undefined || !isCarrel(entry)) return false;
  while (entry !== undefined && isCarrel(entry)) entry = table.get(entry.parent);
  return entry === undefined || entry.pid === 1;
}

function isCarrel({ pid, comm }: ProcessEntry): boolean {
  return comm === 'carrel' || (attempt(() => readlinkSync(`/proc/${pid}/exe`)) ?? '').startsWith('/memfd:carrel');
}

/** `undefined`: it has ended in the meantime. proc_pid_stat(5) */
function readProcess(name: string): ProcessEntry | undefined {
  const text = attempt(() => readFileSync(`/proc/${name}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  // The command may hold spaces and parentheses.
  const [head, tail] = [text.slice(0, text.lastIndexOf(')')), text.slice(text.lastIndexOf(')') + 2)];
  const fields = tail.split(' ');
  // It has ended; when its new parent gets round to reaping it is not ours to say, and some do not for seconds.
  if (fields[0] === 'Z' && fields[1] === '1') return undefined;
  return {
    pid: Number(name),
    comm: head.slice(head.indexOf('(') + 1),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startTime: fields[19] ?? '',
    ticks: Number(fields[11]) + Number(fields[12]),
  };
}

export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
