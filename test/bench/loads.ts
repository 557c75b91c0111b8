/**
 * A Node process on all processors that measures what is more than one start, and prints it as JSON: `loads.js PART
 * PLACES SHORT`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerProcess } from '#lib/index.js';
import { libraryOf, type Places, subjectOf } from './cases.js';
import type { Helpers, Output, Phase, Rate } from './results.js';
import { summarize } from './statistics.js';

export type Part = keyof typeof PARTS;
export type PartResults = { readonly [P in Part]: Awaited<ReturnType<(typeof PARTS)[P]>> };

const CONCURRENCIES = [1, 8, 64];
/** USER_HZ, in which /proc/stat counts: 100 on every architecture that Node runs on. proc_stat(5) */
const TICK_MS = 10;

const PARTS = { rates, helpers, outputs, phases } as const;

const [part = '', places = '{}', short = ''] = process.argv.slice(2);
const library = await libraryOf(JSON.parse(places) as Places);
const { Container } = library;
const found = await PARTS[part as Part](JSON.parse(places) as Places, short === 'short');
process.stdout.write(JSON.stringify(found), () => process.exit());

async function rates(places: Places, short: boolean): Promise<readonly Rate[]> {
  const results: Rate[] = [];
  const names = ['carrel rootfs spawn', 'bubblewrap', 'child_process spawn'];
  for (const name of names.filter((one) => one !== 'bubblewrap' || places.peers[one] !== undefined)) {
    const subject = subjectOf(name, library, places);
    await subject.start();
    for (const concurrency of CONCURRENCIES) {
      const count = short ? concurrency : 1000;
      const [began, ticks] = [performance.now(), busyTicks()];
      let left = count;
      const one = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await subject.start();
        }
      };
      await Promise.all(Array.from({ length: concurrency }, one));
      const seconds = (performance.now() - began) / 1000;
      const cpuMsEach = ((busyTicks() - ticks) * TICK_MS) / count;
      results.push({ name, concurrency, perSecond: count / seconds, cpuMsEach });
    }
  }
  return results;
}

/**
 * What all processors together have worked: the first line of /proc/stat but for idle, iowait, and guests' time, which
 * user has.
 */
function busyTicks(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + softirq;
}

async function helpers({ rootfs }: Places, short: boolean): Promise<readonly Helpers[]> {
  const box = new Container().rootfs(rootfs);
  const running: ContainerProcess[] = [];
  const results: Helpers[] = [];
  for (const containers of short ? [1, 20] : [1, 500]) {
    while (running.length < containers) {
      const batch = Array.from({ length: Math.min(50, containers - running.length) }, () =>
        box.spawn('sleep', ['1000'], { stdio: 'ignore' }),
      );
      await Promise.all(batch.map((child) => once(child, 'spawn')));
      running.push(...batch);
    }
    results.push({ containers, ...helperBytes() });
  }
  const ends = running.map(({ result }) => result);
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
  return results;
}

function helperBytes(): Omit<Helpers, 'containers'> {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess);
  const ours = new Set([process.pid]);
  // A parent may have a higher number than its child.
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  const own = processes.filter(({ pid, name }) => ours.has(pid) && name === 'carrel');
  const pss = (list: readonly { readonly pid: number }[]): number =>
    list.reduce((sum, { pid }) => sum + pssBytes(pid), 0);
  const launcher = own.filter(({ parent }) => parent === process.pid);
  return { launcherBytes: pss(launcher), restBytes: pss(own.filter((one) => !launcher.includes(one))) };
}

function readProcess(pid: string): readonly { readonly pid: number; readonly parent: number; readonly name: string }[] {
  try {
    const [, name = '', parent = ''] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return [{ pid: Number(pid), parent: Number(parent), name }];
  } catch {
    return []; // has ended meanwhile
  }
}

function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
}

async function outputs({ rootfs }: Places, short: boolean): Promise<readonly Output[]> {
  const bytes = short ? 2 ** 24 : 2 ** 30;
  const box = new Container().rootfs(rootfs);
  const args = ['-c', String(bytes), '/dev/zero'];
  const contenders = {
    'carrel rootfs spawn': () => box.spawn('head', args, { stdio: ['ignore', 'pipe', 'ignore'] }),
    'child_process spawn': () =>
      spawn(join(rootfs, 'bin/busybox'), ['head', ...args], { stdio: ['ignore', 'pipe', 'ignore'] }),
  };
  const rates = Object.keys(contenders).map((name) => ({ name, values: [] as number[] }));
  for (let round = 0; round < (short ? 1 : 5); round += 1) {
    for (const { name, values } of rates) {
      const began = performance.now();
      const read = await readAll(contenders[name as keyof typeof contenders]());
      if (read !== bytes) throw new Error(`${name}: ${read} bytes of ${bytes}`);
      values.push(bytes / ((performance.now() - began) / 1000));
    }
  }
  return rates.map(({ name, values }) => ({ name, bytes, bytesPerSecond: summarize(values) }));
}

async function readAll(child: ContainerProcess | ChildProcess): Promise<number> {
  let read = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  await once(child, 'close');
  return read;
}

/** Without what differs from run to run: where the root file system is, and which ids are free. */
function general(what: string, rootfs: string): string {
  return what.replace(rootfs, '/rootfs').replaceAll(/\d{6,}/g, '…');
}

/** Medians, act by act: each start makes the same plan. */
async function phases({ rootfs }: Places, short: boolean): Promise<readonly Phase[]> {
  const box = new Container().rootfs(rootfs);
  const runs: Phase[][] = [];
  for (let run = 0; run < (short ? 3 : 200); run += 1) {
    const child = box.spawn('true', [], { stdio: 'ignore', timing: true });
    await child.result;
    runs.push((child.timing ?? []).map(({ what, ...act }) => ({ ...act, what: general(what, rootfs) })));
  }
  const kept = runs.slice(Math.floor(runs.length / 4));
  // Their order may differ between runs where two processes are busy at once; what they are does not, nor how often.
  const keys = (acts: readonly Phase[]): readonly string[] => {
    const seen = new Map<string, number>();
    return acts.map(({ by, what }) => {
      const key = `${by} ${what}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return `${key} ${seen.get(key)}`;
    });
  };
  const tables = kept.map((acts) => new Map(keys(acts).map((key, index) => [key, acts[index] as Phase])));
  const [first = []] = kept;
  return keys(first)
    .map((key, index) => {
      const all = tables.flatMap((table) => table.get(key) ?? []);
      const durations = all.flatMap(({ durationUs }) => (durationUs === undefined ? [] : [durationUs]));
      return {
        what: first[index]?.what ?? '',
        by: first[index]?.by ?? 'node',
        startUs: summarize(all.map(({ startUs }) => startUs)).median,
        ...(durations.length === 0 ? {} : { durationUs: summarize(durations).median }),
      };
    })
    .sort((one, other) => one.startUs - other.startUs);
}
