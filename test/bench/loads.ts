/**
 * A Node process on all processors that measures what is more than one start, and prints it as JSON: `loads.js PART
 * PLACES SHORT`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerProcess, RunningContainer } from '#lib/index.js';
import { busyMs } from './busy.js';
import { libraryOf, type Places, subjectOf } from './cases.js';
import { measureDoors } from './doors.js';
import { measureEgress } from './egress.js';
import type { Doors, Egress, Helpers, Output, Phase, Pooled, Rate, Staying } from './results.js';
import { summarize } from './statistics.js';

export type Part = keyof typeof PARTS;
export type PartResults = { readonly [P in Part]: Awaited<ReturnType<(typeof PARTS)[P]>> };

const CONCURRENCIES = [1, 8, 64];
/** USER_HZ is 100 wherever carrel runs. proc_pid_stat(5) */
const TICK_MS = 10;

const doors = (_: Places, short: boolean): Promise<Doors> => measureDoors(library, short);
const egress = (_: Places, short: boolean): Promise<Egress> => measureEgress(library, short);
const PARTS = { rates, helpers, staying, pooled, doors, egress, outputs, phases } as const;

/** Of carrel's own processes. Those that wait in a pool are called spare too. */
const NAMES: ReadonlySet<string> = new Set(['carrel', 'carrel-init']);
const POOLED_NAMES: ReadonlySet<string> = new Set([...NAMES, 'carrel-spare']);

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
      const [began, busy] = [performance.now(), busyMs()];
      let left = count;
      const one = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await subject.start();
        }
      };
      await Promise.all(Array.from({ length: concurrency }, one));
      const seconds = (performance.now() - began) / 1000;
      const cpuMsEach = (busyMs() - busy) / count;
      results.push({ name, concurrency, perSecond: count / seconds, cpuMsEach });
    }
  }
  return results;
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
    // They give memory back when nothing has happened for a while.
    await sleep(500);
    results.push({ containers, ...helperBytes() });
  }
  const ends = running.map(({ result }) => result);
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
  return results;
}

async function staying({ rootfs }: Places, short: boolean): Promise<Staying> {
  const containers = short ? 20 : 1000;
  const box = new Container().rootfs(rootfs);
  const running: RunningContainer[] = [];
  while (running.length < containers) running.push(await box.start());
  await sleep(500);
  const [idle, before] = [helperBytes().restBytes, helperTicks()];
  await sleep(1000);
  const busyMs = (helperTicks() - before) * TICK_MS;
  for (const { files } of running) await files.writeFile('/tmp/file', 'content');
  await sleep(500);
  const { restBytes } = helperBytes();
  await Promise.all(running.map((one) => one.stop({ grace: 0 })));
  return { containers, idleBytes: idle, filesBytes: restBytes, busyMs };
}

async function pooled({ rootfs }: Places, short: boolean): Promise<Pooled> {
  const containers = short ? 20 : 1000;
  const pool = new Container().rootfs(rootfs).pool({ size: containers });
  while (pool.idle < containers) await sleep(10);
  await sleep(500);
  const [idleBytes, before] = [helperBytes(POOLED_NAMES).restBytes, helperTicks(POOLED_NAMES)];
  await sleep(1000);
  const busyMs = (helperTicks(POOLED_NAMES) - before) * TICK_MS;
  await pool.close();
  return { containers, idleBytes, busyMs };
}

function helperTicks(names = NAMES): number {
  return helpersNow(names).reduce((sum, { ticks }) => sum + ticks, 0);
}

function helperBytes(names = NAMES): Omit<Helpers, 'containers'> {
  const own = helpersNow(names);
  const pss = (list: readonly { readonly pid: number }[]): number =>
    list.reduce((sum, { pid }) => sum + pssBytes(pid), 0);
  const launcher = own.filter(({ parent }) => parent === process.pid);
  return { launcherBytes: pss(launcher), restBytes: pss(own.filter((one) => !launcher.includes(one))) };
}

interface Helper {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ticks: number;
}

function helpersNow(names: ReadonlySet<string>): readonly Helper[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess);
  const ours = new Set([process.pid]);
  // A parent may have a higher number than its child.
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  return processes.filter(({ pid, name }) => ours.has(pid) && names.has(name));
}

function readProcess(pid: string): readonly Helper[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(' ');
    return [{ pid: Number(pid), parent: Number(fields[1]), name, ticks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    return []; // has ended meanwhile
  }
}

function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
}

async function outputs({ rootfs }: Places, short: boolean): Promise<readonly Output[]> {
  const box = new Container().rootfs(rootfs);
  const head = (bytes: number): string[] => ['-c', String(bytes), '/dev/zero'];
  const [whole, kept] = short ? [2 ** 24, 2 ** 22] : [2 ** 30, 100 * 2 ** 20];
  const collected = { maxOutput: kept, check: true } as const;
  const contenders: Readonly<Record<string, () => Promise<number>>> = {
    'carrel rootfs spawn': () =>
      readAll(box.spawn('head', head(whole), { stdio: ['ignore', 'pipe', 'ignore'] }), whole),
    'child_process spawn': () =>
      readAll(
        spawn(join(rootfs, 'bin/busybox'), ['head', ...head(whole)], { stdio: ['ignore', 'pipe', 'ignore'] }),
        whole,
      ),
    'carrel run buffer': async () =>
      (await box.run('head', head(kept), { ...collected, encoding: 'buffer' })).stdout.length,
    'carrel run utf8': async () =>
      (await box.run('head', head(kept), { ...collected, encoding: 'utf8' })).stdout.length,
  };
  const found = Object.entries(contenders).map(([name, read]) => ({ name, read, bytes: 0, rates: [] as number[] }));
  for (let round = 0; round < (short ? 1 : 5); round += 1) {
    for (const one of found) {
      const began = performance.now();
      one.bytes = await one.read();
      one.rates.push(one.bytes / ((performance.now() - began) / 1000));
    }
  }
  return found.map(({ name, bytes, rates }) => ({ name, bytes, bytesPerSecond: summarize(rates) }));
}

async function readAll(child: ContainerProcess | ChildProcess, bytes: number): Promise<number> {
  let read = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  await once(child, 'close');
  if (read !== bytes) throw new Error(`${read} bytes of ${bytes}`);
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
