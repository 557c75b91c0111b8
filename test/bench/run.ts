/** One run: who is measured, in which order, and what becomes of the samples. */

import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { freshBusyboxRoot } from '../support/busybox.js';
import { bubblewrapArgs, type CaseName, type Places, type Sample } from './cases.js';
import { Measuring } from './measuring.js';
import { Reference } from './reference.js';
import { type Measured, report } from './report.js';

export interface RunOptions {
  /** Few samples, and less memory held. */
  readonly short: boolean;
  /** On which processor. */
  readonly where: string;
  /** For what is made for this run; somebody else removes it. */
  readonly directory: string;
}

/** Something to measure, and the samples of it that are kept. */
interface Contender extends Measured {
  readonly totalNs: number[];
  readonly blockedNs: number[];
  readonly measure: (count: number) => Promise<readonly (Pick<Sample, 'totalNs'> & Partial<Sample>)[]>;
}

const SMALL: readonly CaseName[] = [
  'carrel rootfs spawn',
  'carrel rootfs run',
  'carrel spawn',
  'carrel run',
  'bubblewrap spawn',
  'child_process spawn',
  'child_process execFile',
];
const LARGE: readonly CaseName[] = [
  'carrel rootfs spawn',
  'carrel rootfs run',
  'bubblewrap spawn',
  'child_process spawn',
];

export async function run({ short, where, directory }: RunOptions): Promise<void> {
  const [rounds, batch, largeBytes] = short ? [2, 2, 2 ** 26] : [40, 5, 2 ** 30];
  const warmUp = short ? 0 : 30;
  const skipped: string[] = [];
  chmodSync(directory, 0o755);
  const rootfs = freshBusyboxRoot();
  const bubblewrap = findBubblewrap(rootfs, skipped);
  const places: Places = { rootfs, ...(bubblewrap === undefined ? {} : { bubblewrap }) };
  const isThere = (name: CaseName): boolean => bubblewrap !== undefined || name !== 'bubblewrap spawn';
  const workers: Measuring[] = [];
  try {
    for (const kind of ['small', 'objects', 'buffers'] as const) {
      workers.push(await Measuring.start(kind, largeBytes, places));
    }
    const contenders = [
      ...referenceContender(rootfs, directory, skipped),
      ...workers.flatMap((worker) =>
        (worker.kind === 'small' ? SMALL : LARGE).filter(isThere).map((name) => contender(worker, name)),
      ),
    ];
    for (const each of contenders) await each.measure(warmUp);
    await takeTurns(contenders, rounds, batch);
    console.log(
      report({
        measured: contenders,
        skipped,
        where,
        residentBytes: Math.min(...workers.map((worker) => worker.residentBytes).filter(Boolean)),
        short,
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

/** Each round begins with another: who comes after whom is no advantage to anybody. */
async function takeTurns(contenders: readonly Contender[], rounds: number, batch: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      for (const { totalNs, blockedNs } of await contender.measure(batch)) {
        contender.totalNs.push(totalNs);
        if (blockedNs !== undefined) contender.blockedNs.push(blockedNs);
      }
    }
  }
}

function contender(worker: Measuring, name: CaseName): Contender {
  return { name, memory: worker.kind, totalNs: [], blockedNs: [], measure: (count) => worker.measure(name, count) };
}

function referenceContender(rootfs: string, directory: string, skipped: string[]): readonly Contender[] {
  const reference = Reference.compile(rootfs, directory);
  if (typeof reference === 'string') {
    skipped.push(`reference: ${reference}`);
    return [];
  }
  if (reference.missing.length > 0) {
    skipped.push(`reference: makes all of carrel's plan but ${reference.missing.join(', ')}`);
  }
  const measure: Contender['measure'] = async (count) =>
    (await reference.measure(count)).map((totalNs) => ({ totalNs }));
  return [{ name: 'reference', memory: 'none', totalNs: [], blockedNs: [], measure }];
}

/** The path of a bubblewrap that works for this user. */
function findBubblewrap(rootfs: string, skipped: string[]): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v bwrap'], { encoding: 'utf8' });
  if (status !== 0) {
    skipped.push('bubblewrap: not installed');
    return undefined;
  }
  const path = stdout.trim();
  const trial = spawnSync(path, bubblewrapArgs(rootfs), { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (trial.status === 0) return path;
  skipped.push(`bubblewrap: ${trial.stderr.trim()}`);
  return undefined;
}
