/**
 * What functions have at hand that run isolated (isolated.ts): the calls under test, Node's modules, threads, and
 * questions to /proc.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import { Worker } from 'node:worker_threads';
import * as syscalls from 'carrel/syscalls';

export * from 'carrel/syscalls';
export { execFileSync, fs, os, spawn, spawnSync, syscalls, Worker };

/** What of an error is compared. */
export interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly path?: string;
  readonly dest?: string;
}

/** What a call throws, `null` for nothing. */
export function thrown(act: () => unknown): Thrown | null {
  try {
    act();
    return null;
  } catch (error) {
    const { name, message, code, errno, syscall, path, dest } = error as Required<Thrown>;
    return JSON.parse(JSON.stringify({ name, message, code, errno, syscall, path, dest })) as Thrown;
  }
}

/** The code of what a call throws. */
export function codeOf(act: () => unknown): string | null {
  return thrown(act)?.code ?? null;
}

/** A namespace of the calling thread, as its link in /proc has it. `mnt`, `net`, `pid_for_children` … */
export function namespace(name: string): string {
  return fs.readlinkSync(`/proc/thread-self/ns/${name}`);
}

/** A line of the calling thread's status. proc_pid_status(5) */
export function status(key: string): string {
  return valueIn(fs.readFileSync('/proc/thread-self/status', 'utf8'), key);
}

/** The same of the thread of libuv's pool that happens to read it. */
export async function statusInPool(key: string): Promise<string> {
  return valueIn(await fs.promises.readFile('/proc/thread-self/status', 'utf8'), key);
}

function valueIn(text: string, key: string): string {
  return new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
}

/**
 * Options and propagation of the topmost mount on a place, in the calling thread's namespace; `null` where there is
 * none. proc_pid_mountinfo(5)
 */
export function mountOn(
  path: string,
): { type: string; options: string[]; superOptions: string[]; tags: string[] } | null {
  const lines = fs.readFileSync('/proc/thread-self/mountinfo', 'utf8').trimEnd().split('\n');
  const fields = lines.map((line) => line.split(' ')).filter((one) => one[4] === path);
  const [top] = fields.slice(-1);
  if (top === undefined) return null;
  const end = top.indexOf('-');
  const list = (text: string | undefined): string[] => text?.split(',') ?? [];
  return { type: top[end + 1] ?? '', options: list(top[5]), superOptions: list(top[end + 3]), tags: top.slice(6, end) };
}

/** Starts libuv's pool, all four threads of it, from the calling thread. */
export async function startPool(): Promise<void> {
  await fs.promises.readFile('/proc/self/stat');
}

/** All that is here. */
export type Tools = typeof import('./tools.js');

/** Another thread that does what it is told. */
export interface Thread {
  run<Result, Args extends readonly unknown[]>(
    act: (tools: Tools, ...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  end(): Promise<void>;
}

export async function startThread(): Promise<Thread> {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { execArgv: [] });
  await once(worker, 'message'); // It has loaded all that it needs.
  return {
    async run(act, ...args) {
      worker.postMessage({ act: String(act), args });
      const [answer] = (await once(worker, 'message')) as [{ result: never; error?: Error }];
      if (answer.error !== undefined) throw answer.error;
      return answer.result;
    },
    async end() {
      await worker.terminate();
    },
  };
}
