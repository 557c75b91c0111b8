/** One run: who is measured, in which order, and what becomes of the samples. */

import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freshBusyboxRoot } from '../support/busybox.js';
import type { Places, Sample } from './cases.js';
import { measureLoading } from './loading.js';
import type { Part } from './loads.js';
import { machineOf } from './machine.js';
import { Measuring, type MemoryKind } from './measuring.js';
import { findPeers } from './peers.js';
import { Reference } from './reference.js';
import type { Held, Helpers, Output, Phase, Rate, Results, Start } from './results.js';
import { summarize } from './statistics.js';
import type { Pace } from './worker.js';

export interface RunOptions {
  /** Few samples, and less memory held. */
  readonly short: boolean;
  /** On which processor. */
  readonly where: string;
  /** For what is made for this run; somebody else removes it. */
  readonly directory: string;
}

/** Something to measure, and the samples of it that are kept. */
interface Contender {
  readonly name: string;
  readonly held: Held;
  readonly pace: Pace;
  readonly totalNs: number[];
  readonly blockedNs: number[];
  /** Samples a turn, and each how many rounds: what is slow has fewer. */
  readonly batch: number;
  readonly every: number;
  readonly measure: (count: number) => Promise<readonly (Pick<Sample, 'totalNs'> & Partial<Sample>)[]>;
  readonly delay?: (count: number) => Promise<number>;
}

const SMALL = [
  'carrel rootfs spawn',
  'carrel rootfs run',
  'carrel spawn',
  'carrel run',
  'child_process spawn',
  'child_process execFile',
];
const LARGE = ['carrel rootfs spawn', 'carrel rootfs run', 'bubblewrap', 'child_process spawn'];

/** What is measured without a rest as well, and with how much held. */
const UNRESTED: readonly {
  readonly pace: Pace;
  readonly kinds: readonly MemoryKind[];
  readonly names: readonly string[];
}[] = [
  { pace: 'in a row', kinds: ['small'], names: ['carrel rootfs spawn', 'bubblewrap', 'child_process spawn'] },
  { pace: 'at once', kinds: ['small', 'buffers'], names: ['carrel rootfs spawn', 'child_process spawn'] },
];

/** Peers of this many milliseconds get fewer samples, those of the second one yet fewer. */
const [SLOW_MS, SLOWEST_MS] = [20, 250];

export async function run({ short, where, directory }: RunOptions): Promise<Results> {
  const [rounds, batch, warmUp, late] = short ? [2, 2, 0, 3] : [40, 5, 30, 100];
  const sizes = short ? [2 ** 26] : [100 * 2 ** 20, 2 ** 30];
  const skipped: string[] = [];
  chmodSync(directory, 0o755);
  const rootfs = freshBusyboxRoot();
  const peers = findPeers(rootfs, directory, skipped);
  const places: Places = { rootfs, peers };
  const workers: Measuring[] = [];
  const start = async (kind: MemoryKind, bytes: number): Promise<void> =>
    void workers.push(await Measuring.start(kind, bytes, places));
  const contenders: Contender[] = [...referenceContender(rootfs, directory, batch, skipped)];
  try {
    await start('small', 0);
    for (const bytes of sizes) for (const kind of ['objects', 'buffers'] as const) await start(kind, bytes);
    for (const worker of workers) {
      const names = worker.kind === 'small' ? [...SMALL, ...Object.keys(peers)] : LARGE;
      const isThere = (name: string): boolean => name !== 'bubblewrap' || peers[name] !== undefined;
      const of = (name: string, pace: Pace): Contender =>
        contender(worker, name, pace, batch, peers[name]?.trialMs ?? 0);
      contenders.push(...names.filter(isThere).map((name) => of(name, 'rested')));
      for (const { pace, kinds, names } of UNRESTED)
        if (kinds.includes(worker.kind)) contenders.push(...names.filter(isThere).map((name) => of(name, pace)));
    }
    for (const each of contenders) await each.measure(each.every > 1 ? 0 : warmUp);
    await takeTurns(contenders, rounds);
    const starts: Start[] = [];
    for (const each of contenders) starts.push(await startOf(each, late));
    await Promise.all(workers.map((worker) => worker.end()));
    return {
      machine: machineOf(where, Object.keys(peers)),
      short,
      starts,
      rates: (await load('rates', places, short, skipped)) as readonly Rate[],
      helpers: (await load('helpers', places, short, skipped)) as readonly Helpers[],
      outputs: (await load('outputs', places, short, skipped)) as readonly Output[],
      phases: (await load('phases', places, short, skipped)) as readonly Phase[],
      loading: measureLoading(directory, rounds),
      skipped,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

/** Each round begins with another: who comes after whom is no advantage to anybody. */
async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      if (round % contender.every !== 0) continue;
      for (const { totalNs, blockedNs } of await contender.measure(contender.batch)) {
        contender.totalNs.push(totalNs);
        if (blockedNs !== undefined) contender.blockedNs.push(blockedNs);
      }
    }
  }
}

function contender(worker: Measuring, name: string, pace: Pace, batch: number, trialMs: number): Contender {
  const held = { kind: worker.kind, bytes: worker.bytes };
  return {
    name,
    held,
    pace,
    totalNs: [],
    blockedNs: [],
    batch: trialMs > SLOW_MS ? 1 : batch,
    every: trialMs > SLOWEST_MS ? 8 : trialMs > SLOW_MS ? 2 : 1,
    measure: (count) => worker.measure(name, count, pace),
    ...(name.endsWith('spawn') && pace === 'rested' && { delay: (count: number) => worker.delay(name, count) }),
  };
}

async function startOf({ name, held, pace, totalNs, blockedNs, delay }: Contender, count: number): Promise<Start> {
  return {
    name,
    held,
    pace,
    totalNs: summarize(totalNs),
    ...(blockedNs.length > 0 && { blockedNs: summarize(blockedNs) }),
    ...(delay !== undefined && { delayMs: await delay(count) }),
  };
}

function referenceContender(rootfs: string, directory: string, batch: number, skipped: string[]): readonly Contender[] {
  const reference = Reference.compile(rootfs, directory);
  if (typeof reference === 'string') {
    skipped.push(`reference: ${reference}`);
    return [];
  }
  if (reference.missing.length > 0) {
    skipped.push(`reference: makes all of carrel's plan but ${reference.missing.join(', ')}`);
  }
  const measure: Contender['measure'] = async (count) =>
    count === 0 ? [] : (await reference.measure(count)).map((totalNs) => ({ totalNs }));
  const held = { kind: 'none', bytes: 0 } as const;
  return [{ name: 'reference', held, pace: 'rested', totalNs: [], blockedNs: [], batch, every: 1, measure }];
}

/** A part of loads.ts in a process of its own: phases on the processor of this one, all else on all of them. */
async function load(part: Part, places: Places, short: boolean, skipped: string[]): Promise<unknown> {
  const program = fileURLToPath(new URL('loads.js', import.meta.url));
  const command = [process.execPath, program, part, JSON.stringify(places), short ? 'short' : 'full'];
  const all = part === 'phases' ? [] : ['taskset', '--cpu-list', `0-${cpus().length - 1}`];
  const free = all.length > 0 && spawnSync('taskset', [...all.slice(1), 'true']).status === 0;
  const [file = '', ...args] = free ? [...all, ...command] : command;
  try {
    const { stdout } = await promisify(execFile)(file, args, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    // An ordinary user may not look at the memory of what is not dumpable. ptrace(2)
    if (!/EACCES|EPERM/.test(stderr ?? '')) throw error;
    skipped.push(`${part}: ${stderr?.match(/^.*(EACCES|EPERM).*$/m)?.[0].trim() ?? message}`);
    return [];
  }
}

/** crun 1.8 does not know hybrid cgroups. Called in a mount namespace of the bench's own. cgroups(7) */
export function hideHybridCgroup(): void {
  if (existsSync('/sys/fs/cgroup/unified')) spawnSync('umount', ['/sys/fs/cgroup/unified'], { stdio: 'ignore' });
}
