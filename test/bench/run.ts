/** One run: who is measured, in which order, and what becomes of the samples. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { checkout } from '../support/sources.js';
import { busyShare, noRoomFor, settle } from './busy.js';
import type { Places } from './cases.js';
import { measureFilters } from './filters.js';
import { type Extent, extentOf } from './forms.js';
import { Growing } from './growth.js';
import { measureLoading } from './loading.js';
import { machineOf } from './machine.js';
import { Measuring, type MemoryKind } from './measuring.js';
import { measureOpens } from './opens.js';
import { measurePart } from './parts.js';
import { findPeers } from './peers.js';
import { makePlaces } from './places.js';
import { Reference } from './reference.js';
import type { Form, Growth, Results, Start } from './results.js';
import { summarize } from './statistics.js';
import { type Contender, contender, takeTurns } from './turns.js';
import type { Pace } from './worker.js';

export interface RunOptions {
  readonly form: Form;
  /** On which processor. */
  readonly where: string;
  /** For what is made for this run; somebody else removes it. */
  readonly directory: string;
}

/** So long a look tells whether others use the machine. */
const LOOK_MS = 2000;
/** The kernel takes down the namespaces of thousands of containers for some seconds. */
const SETTLE_MS = 15_000;
/** A case that not every machine can do; all others must work. */
const OPTIONAL = /limits|layer|landlock/;

export async function run({ form, where, directory }: RunOptions): Promise<Results> {
  const extent = extentOf(form);
  const busyBefore = await busyShare(extent.short ? LOOK_MS / 4 : LOOK_MS);
  const skipped: string[] = [];
  chmodSync(directory, 0o755);
  const places = makePlaces(directory, (rootfs) => findPeers(rootfs, directory, skipped, extent.peers));
  const starts = await measureStarts(places, directory, extent, skipped);
  const growth = await measureGrowth(places, extent, skipped);
  const part = <P extends Parameters<typeof measurePart>[0]>(name: P): ReturnType<typeof measurePart<P>> =>
    measurePart(name, places, extent.short, skipped);
  const whole = form !== 'quiet';
  const rates = whole ? await part('rates') : [];
  const outputs = whole ? await part('outputs') : [];
  const phases = whole ? await part('phases') : [];
  const helpers = await part('helpers');
  const staying = await part('staying');
  const pooled = await part('pooled');
  const doors = await part('doors');
  const egress = await part('egress');
  await settle(extent.short ? 0 : SETTLE_MS);
  const loading = measureLoading(directory, extent.rounds, [checkout])[0] ?? [];
  const filters = whole ? measureFilters(directory, extent.short ? 1 : 20, skipped) : [];
  const opens = whole ? await measureOpens(directory, extent.short ? 1 : 20, skipped) : [];
  const busy = Math.max(busyBefore, extent.short ? 0 : await busyShare(LOOK_MS));
  const machine = machineOf(where, Object.keys(places.peers), busy);
  return {
    ...{
      machine,
      form,
      starts,
      rates,
      helpers,
      staying,
      pooled,
      doors,
      egress,
      outputs,
      phases,
      loading,
      filters,
      opens,
      skipped,
    },
    ...(growth !== undefined && { growth }),
  };
}

async function measureStarts(
  places: Places,
  directory: string,
  { sizes, small, large, unrested, rounds, batch, warmUp, late }: Extent,
  skipped: string[],
): Promise<readonly Start[]> {
  const { rootfs, peers } = places;
  const workers: Measuring[] = [];
  const start = async (kind: MemoryKind, bytes: number): Promise<void> =>
    void workers.push(await Measuring.start(kind, bytes, places));
  const contenders: Contender[] = [...referenceContender(rootfs, directory, batch, skipped)];
  try {
    await start('small', 0);
    for (const bytes of sizes) for (const kind of ['objects', 'buffers'] as const) await start(kind, bytes);
    for (const worker of workers) {
      const names = worker.kind === 'small' ? [...small, ...Object.keys(peers)] : large;
      const isThere = (name: string): boolean => name !== 'bubblewrap' || peers[name] !== undefined;
      const of = (name: string, pace: Pace): Contender =>
        contender(worker, name, pace, batch, peers[name]?.trialMs ?? 0);
      contenders.push(...names.filter(isThere).map((name) => of(name, 'rested')));
      for (const { pace, kinds, names } of unrested)
        if (kinds.includes(worker.kind)) contenders.push(...names.filter(isThere).map((name) => of(name, pace)));
    }
    const working: Contender[] = [];
    for (const each of contenders) if (await works(each, warmUp, skipped)) working.push(each);
    await takeTurns(working, rounds);
    const starts: Start[] = [];
    for (const each of working) starts.push(await startOf(each, late));
    return starts;
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

/** Warms it up. */
async function works(one: Contender, warmUp: number, skipped: string[]): Promise<boolean> {
  try {
    await one.measure(one.every > 1 ? 0 : warmUp);
    return true;
  } catch (error) {
    if (!OPTIONAL.test(one.name)) throw error;
    skipped.push(`${one.name}: ${(error as Error).message.split('\n')[0]}`);
    return false;
  }
}

async function measureGrowth(places: Places, extent: Extent, skipped: string[]): Promise<Growth | undefined> {
  const { short, warmUp } = extent;
  const levels = extent.levels.filter((level) => {
    const reason = noRoomFor(level);
    if (reason !== undefined) skipped.push(`growth: ${reason}`);
    return reason === undefined;
  });
  const names = extent.growing.filter((name) => name !== 'bubblewrap' || places.peers[name] !== undefined);
  if (levels.length === 0) return undefined;
  const worker = await Measuring.start('small', 0, places);
  try {
    const growing = new Growing(worker, { levels, names, count: short ? 5 : 30 });
    // Else the first idle ones pay for code that is not compiled yet.
    await worker.measure('carrel rootfs spawn', warmUp * 5, 'in a row');
    for (let round = 0; round < (short ? 1 : 3); round += 1) {
      await growing.round();
      await settle(short ? 0 : SETTLE_MS);
    }
    return growing.found;
  } catch (error) {
    // A few must work everywhere; of many, some limit that nobody can see from here may be in the way.
    if (short) throw error;
    skipped.push(`growth: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  } finally {
    await worker.end();
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
