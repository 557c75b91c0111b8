/** One run: who is measured, in which order, and what becomes of the samples. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { checkout } from '../support/sources.js';
import { measureLoading } from './loading.js';
import { machineOf } from './machine.js';
import { Measuring, type MemoryKind } from './measuring.js';
import { measurePart } from './parts.js';
import { findPeers } from './peers.js';
import { makePlaces } from './places.js';
import { Reference } from './reference.js';
import type { Results, Start } from './results.js';
import { summarize } from './statistics.js';
import { type Contender, contender, takeTurns } from './turns.js';
import type { Pace } from './worker.js';

export interface RunOptions {
  /** Few samples, and less memory held. */
  readonly short: boolean;
  /** On which processor. */
  readonly where: string;
  /** For what is made for this run; somebody else removes it. */
  readonly directory: string;
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

export async function run({ short, where, directory }: RunOptions): Promise<Results> {
  const [rounds, batch, warmUp, late] = short ? [2, 2, 0, 3] : [40, 5, 30, 100];
  const sizes = short ? [2 ** 26] : [100 * 2 ** 20, 2 ** 30];
  const skipped: string[] = [];
  chmodSync(directory, 0o755);
  const places = makePlaces(directory, (rootfs) => findPeers(rootfs, directory, skipped));
  const { rootfs, peers } = places;
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
      rates: await measurePart('rates', places, short, skipped),
      helpers: await measurePart('helpers', places, short, skipped),
      outputs: await measurePart('outputs', places, short, skipped),
      phases: await measurePart('phases', places, short, skipped),
      loading: measureLoading(directory, rounds, [checkout])[0] ?? [],
      skipped,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
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

/** crun 1.8 does not know hybrid cgroups. Called in a mount namespace of the bench's own. cgroups(7) */
export function hideHybridCgroup(): void {
  if (existsSync('/sys/fs/cgroup/unified')) spawnSync('umount', ['/sys/fs/cgroup/unified'], { stdio: 'ignore' });
}
