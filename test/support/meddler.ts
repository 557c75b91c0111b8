/**
 * meddler.c, and a Node that runs under it: what it is told to do happens to the next container that this Node starts.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BASE } from '#lib/cgroup/files.js';
import { cgroupMounts } from '#lib/cgroup/tree.js';
import { hostMounts } from './mounts.js';
import { until } from './waiting.js';

const SOURCE = fileURLToPath(new URL('../../../test/failure/meddler.c', import.meta.url));
/** Nothing here takes long: who is not done by then waits in vain. */
const PATIENCE_MS = 60_000;

export type Role = 'supervisor' | 'child';
/**
 * What happened: the role's n-th call, its number, and the step that the child was at; -1 where that is not to be
 * known.
 */
export interface Hit {
  readonly role: string;
  readonly at: number;
  readonly call: number;
  readonly index: number;
}

/** Compiles it into `directory`. */
export function compileMeddler(directory: string): string {
  const program = join(directory, 'meddler');
  execFileSync('gcc', ['-O1', '-o', program, SOURCE]);
  return program;
}

/** Runs a program of `test/support` under it; the two share `directory`. */
export function startMeddled(
  program: string,
  directory: string,
  script: string,
  args: readonly string[],
): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  order(directory, 'none');
  return spawn(
    program,
    [orderPath(directory), logPath(directory), process.execPath, '--expose-gc', path, directory, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Says what is to happen to the next container: "none", "refuse ROLE N ERRNO", "kill WHOM ROLE N". */
export function order(directory: string, what: string): void {
  writeFileSync(logPath(directory), '');
  writeFileSync(orderPath(directory), what);
}

/** What has happened since the last order. */
export function hit(directory: string): Hit | undefined {
  const line = lines(directory).find(([what]) => what === 'hit');
  if (line === undefined) return undefined;
  const [, role = '', at, call, index] = line;
  return { role, at: Number(at), call: Number(call), index: Number(index) };
}

/**
 * How many system calls a role made in the container to which nothing happened at its call `at`, which it never made.
 */
export async function callsOf(directory: string, role: Role, at: number): Promise<number> {
  const told = (): readonly string[] | undefined =>
    lines(directory).find(([what, who, , order]) => what === 'calls' && who === role && order === String(at));
  return Number((await until(told))[2]);
}

/** What this process holds: descriptors, mounts, cgroups, files, and what its launcher has left. */
export function holdings(): string {
  const descriptors = readdirSync('/proc/self/fd').length;
  const children = readFileSync('/proc/thread-self/children', 'utf8').trim().split(' ').filter(Boolean);
  const theirs = children
    .map((pid) => childrenOf(pid))
    .join(' ')
    .trim();
  return JSON.stringify({
    descriptors,
    mounts: hostMounts(),
    cgroups: ownCgroups(),
    files: ['/', '/tmp', tmpdir()].map((path) => readdirSync(path)),
    launchers: children.length,
    theirs,
  });
}

/** Cgroups of this process's containers. */
function ownCgroups(): readonly string[] {
  const bases = cgroupMounts().map(({ path }) => join(path, BASE));
  const found = bases.flatMap((base) => namesIn(base).map((name) => join(base, name)));
  return found.filter((path) => basename(path).startsWith(`${process.pid}-`));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Waits until this process holds what it did `before`; otherwise an error says what `what` has left. */
export async function holdsAgain(before: string, what: () => string = () => 'a container'): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (holdings() !== before) {
    if (performance.now() > deadline)
      throw new Error(`${what()} has left something:\n${difference(before, holdings())}`);
    await sleep(1);
  }
}

/** Of two texts of holdings(), what they differ in. */
function difference(before: string, after: string): string {
  const [then, now] = [before, after].map((text) => Object.entries<unknown>(JSON.parse(text)));
  const differing = (then ?? []).map(([name, value], at) =>
    [name, value, now?.[at]?.[1]].map((one) => JSON.stringify(one)),
  );
  return differing
    .filter(([, one, other]) => one !== other)
    .map((words) => words.join(' '))
    .join('\n');
}

/** `work`, or an error that says what hangs. */
export async function inTime<Result>(what: () => string, work: Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, controller).then(() => {
    throw new Error(`${what()}: nothing came of it`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => {});
    controller.abort();
  }
}

function childrenOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return '';
  }
}

function lines(directory: string): readonly (readonly string[])[] {
  return readFileSync(logPath(directory), 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
}

function orderPath(directory: string): string {
  return join(directory, 'order');
}

function logPath(directory: string): string {
  return join(directory, 'log');
}
