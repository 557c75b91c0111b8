/**
 * This checkout's carrel against that of another one: the same cases of both, in turns.
 *
 * Each build has processes of its own. The case `child_process` starts no container: it shows how far apart two equal
 * processes are in this run.
 */

import { chmodSync } from 'node:fs';
import { checkout } from '../support/sources.js';
import type { Places } from './cases.js';
import { Growing } from './growth.js';
import { measureLoading } from './loading.js';
import { Measuring } from './measuring.js';
import { measurePart } from './parts.js';
import { libraryIn, makePlaces } from './places.js';
import type { Growth } from './results.js';
import { type Summary, summarize, table } from './statistics.js';
import { titleOf } from './titles.js';
import { type Contender, contender, takeTurns } from './turns.js';
import type { Pace } from './worker.js';

export interface AgainstOptions {
  /** The other checkout: its directory, with its build; an absolute path. */
  readonly other: string;
  /** Few samples. */
  readonly short: boolean;
  /** Only what has a name that matches. */
  readonly only: RegExp;
  /** For what is made for this run; somebody else removes it. */
  readonly directory: string;
}

/** One measure of one case, by both. */
export interface Compared {
  readonly what: string;
  readonly unit: 'ms' | 'ms, blocked' | 'µs, blocked' | 'KB';
  readonly here: Summary;
  readonly there: Summary;
}

interface Pair {
  readonly title: string;
  readonly here: Contender;
  readonly there: Contender;
}

const CASES: Readonly<Record<string, readonly Pace[]>> = {
  'carrel rootfs spawn': ['rested', 'in a row', 'at once'],
  'carrel rootfs spawn pipes': ['rested', 'in a row', 'at once'],
  'carrel rootfs run': ['rested'],
  'carrel spawn': ['rested'],
  'carrel running spawn': ['rested'],
  'carrel pool run': ['rested'],
  'carrel rootfs limits spawn': ['rested', 'in a row'],
  'carrel variables first spawn': ['rested'],
  'carrel variables spawn': ['rested'],
  'carrel layers first spawn': ['rested'],
  'carrel layers spawn': ['rested'],
  'child_process spawn': ['rested', 'in a row', 'at once'],
  'child_process spawn pipes': ['rested'],
};
/** What a worker starts before it grows: else the first idle ones pay for code that is not compiled yet. */
const WARM_UP = 200;
const SCALES = { ms: 1e6, 'ms, blocked': 1e6, 'µs, blocked': 1e3, KB: 1024 } as const;

export async function compareWith(options: AgainstOptions): Promise<readonly Compared[]> {
  const { other, short, only, directory } = options;
  chmodSync(directory, 0o755);
  const here = makePlaces(directory, () => ({}));
  const there = { ...here, library: libraryIn(other) };
  const compared = [...(await starts(here, there, options))];
  if (only.test('loading')) compared.push(...loading(directory, other, short ? 2 : 20));
  if (only.test('growth')) compared.push(...(await growth(here, there, short)));
  if (only.test('memory')) compared.push(...(await memory(here, there, short)));
  return compared;
}

/** Columns of one line each, for the terminal. */
export function againstTable(compared: readonly Compared[]): string {
  return table(
    ['what', 'unit', 'samples', 'here', 'there', 'here × there'],
    compared.map(({ what, unit, here, there }) => [
      what,
      unit,
      String(here.count),
      ...[here, there].map(({ median }) => (median / SCALES[unit]).toFixed(unit.startsWith('ms') ? 2 : 0)),
      (here.median / there.median).toFixed(2),
    ]),
  );
}

async function starts(
  here: Places,
  there: Places,
  { short, only }: Pick<AgainstOptions, 'short' | 'only'>,
): Promise<readonly Compared[]> {
  const [rounds, batch] = short ? [2, 2] : [30, 5];
  const names = Object.entries(CASES).flatMap(([name, paces]) =>
    paces.map((pace) => ({ name, pace, title: titleOf(name, pace) })),
  );
  const chosen = names.filter(({ name, pace, title }) => only.test(title) || only.test(`${name} ${pace}`));
  const workers = await Promise.all([here, there].map((places) => Measuring.start('small', 0, places)));
  try {
    const pairs: Pair[] = [];
    for (const { name, pace, title } of chosen) {
      const [own, others] = workers.map((worker) => contender(worker, name, pace, batch, 0)) as [Contender, Contender];
      try {
        for (const one of [own, others]) await one.measure(batch);
        pairs.push({ title, here: own, there: others });
      } catch (error) {
        console.error(`not compared: ${title}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
      }
    }
    await takeTurns(
      pairs.flatMap(({ here, there }) => [here, there]),
      rounds,
    );
    return pairs.flatMap(({ title, here, there }) => [
      { what: title, unit: 'ms', here: summarize(here.totalNs), there: summarize(there.totalNs) },
      { what: title, unit: 'µs, blocked', here: summarize(here.blockedNs), there: summarize(there.blockedNs) },
    ]);
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

function loading(directory: string, other: string, rounds: number): readonly Compared[] {
  const [own = [], others = []] = measureLoading(directory, rounds, [checkout, other]);
  return own.flatMap(({ what, totalNs }, index) => {
    const there = others[index]?.totalNs;
    return there === undefined ? [] : [{ what, unit: 'ms', here: totalNs, there } as const];
  });
}

async function growth(here: Places, there: Places, short: boolean): Promise<readonly Compared[]> {
  const levels = short ? [10, 20] : [100, 1000];
  const names = ['carrel rootfs spawn', 'child_process spawn'];
  const options = { levels, names, count: short ? 5 : 30 };
  const workers = await Promise.all([here, there].map((places) => Measuring.start('small', 0, places)));
  try {
    const both = workers.map((worker) => new Growing(worker, options)) as [Growing, Growing];
    for (const worker of workers) await worker.measure('carrel rootfs spawn', short ? 1 : WARM_UP, 'in a row');
    for (let round = 0; round < (short ? 1 : 2); round += 1) for (const one of both) await one.round();
    const [own, others] = both.map(({ found }) => rowsOf(found)) as [GrowthRows, GrowthRows];
    return own.flatMap(({ what, unit, of }, index) => {
      const there = others[index]?.of;
      return there === undefined ? [] : [{ what, unit, here: of, there }];
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

type GrowthRows = readonly (Pick<Compared, 'what' | 'unit'> & { readonly of: Summary })[];

function rowsOf({ starts, reached, ending }: Growth): GrowthRows {
  return [
    ...starts.flatMap(({ name, idle, totalNs, blockedNs }) => {
      const what = `${titleOf(name)}, beside ${idle} idle`;
      return [{ what, unit: 'ms', of: totalNs } as const, { what, unit: 'µs, blocked', of: blockedNs } as const];
    }),
    ...reached.map(({ nth, totalNs }) => ({ what: `idle container ${nth}`, unit: 'ms', of: totalNs }) as const),
    { what: `kill() of one of ${ending.containers}`, unit: 'µs, blocked', of: ending.killNs },
    { what: `kill() of ${ending.containers}, all calls`, unit: 'ms, blocked', of: ending.allKillsNs },
    { what: `kill() of ${ending.containers}, longest turn`, unit: 'ms, blocked', of: ending.longestTurnNs },
    { what: `kill() of ${ending.containers}, until all ended`, unit: 'ms', of: ending.wholeNs },
  ];
}

async function memory(here: Places, there: Places, short: boolean): Promise<readonly Compared[]> {
  const skipped: string[] = [];
  const own = await measurePart('helpers', here, short, skipped);
  const others = await measurePart('helpers', there, short, skipped);
  for (const line of skipped) console.error(`not compared: ${line}`);
  return own.flatMap(({ containers, launcherBytes, restBytes }, index) => {
    const other = others[index];
    if (other === undefined) return [];
    const what = `helpers of ${containers} idle container${containers === 1 ? '' : 's'}`;
    return [
      {
        what: `${what}, all`,
        unit: 'KB',
        here: summarize([launcherBytes + restBytes]),
        there: summarize([other.launcherBytes + other.restBytes]),
      },
    ];
  });
}
