/** What lies under an overlay: its lower directories, as it would show them if nothing had been written. */

import { constants } from 'node:os';
import type { Stat } from '../../plan/serving-bytes.js';
import { readStat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { NOTHING } from '../files/view.js';
import type { Keeper } from './keeper.js';
import { kindOf, OPAQUE } from './kinds.js';
import { below, bytesOf, listing, performEach, type RelativePath, reach, VANISHED } from './walk.js';

const { ENAMETOOLONG } = constants.errno;
/** A path that is too long is not found: nothing is there then. */
const MISSING: ReadonlySet<number> = new Set([...VANISHED, ENAMETOOLONG]);

/** Directories of one path that are shown as one, the topmost first. None: nothing is under it. */
export interface Under {
  /** The slots of the lower directories. */
  readonly slots: readonly number[];
  readonly path: RelativePath;
}

/** What has one name there. */
export interface Underlying {
  readonly stat: Stat;
  /** What is under it, where it is a directory. */
  readonly under: Under;
}

/** Finds what is called `name` in directories that lie over each other. */
export async function findUnder(keeper: Keeper, under: Under, name: Buffer): Promise<Underlying | undefined> {
  const { slots } = under;
  const path = below(under.path, name);
  if (slots.length === 0) return undefined;
  const stats = await statEach(keeper, under, name);
  const top = slots.findIndex((slot) => stats.has(slot));
  const stat = stats.get(slots[top] ?? -1);
  if (stat === undefined || kindOf(stat) === 'whiteout') return undefined;
  const merged: number[] = [];
  if (kindOf(stat) === 'directory') {
    for (const slot of slots.slice(top)) {
      const each = stats.get(slot);
      if (each === undefined) continue;
      if (kindOf(each) !== 'directory') break;
      merged.push(slot);
      if (
        slot !== slots.at(-1) &&
        (await isOpaque(keeper, reach(slot, bytesOf(path), keeper.slots.file, keeper.slots.passing)))
      )
        break;
    }
  }
  return { stat, under: { slots: merged, path } };
}

/** The names of all that directories that lie over each other show. */
export async function namesUnder(keeper: Keeper, under: Under): Promise<readonly Buffer[]> {
  const names = new Map<string, Buffer>();
  const { into, passing } = keeper.slots;
  const path = bytesOf(under.path);
  for (const slot of under.slots) {
    const opened = await keeper.perform(reach(slot, path, into, passing));
    if (opened.error !== 0) continue;
    for await (const found of listing(keeper, into, path.toString()))
      for (const { name } of found) names.set(name.toString('latin1'), name);
  }
  return [...names.values()];
}

/** Whether a directory hides those below it. The steps open it into the slot `file`. */
export async function isOpaque(keeper: Keeper, opening: readonly ServedStep[]): Promise<boolean> {
  const { file } = keeper.slots;
  const asking = OPAQUE.map((name): ServedStep => ({ op: 'getXattr', slot: file, name }));
  const answer = await keeper.perform([...opening, ...asking, { op: 'close', slot: file }]);
  return answer.error === 0 && answer.given.some((value) => value.toString() === 'y');
}

async function statEach(keeper: Keeper, { slots, path: directory }: Under, name: Buffer): Promise<Map<number, Stat>> {
  const stats = new Map<number, Stat>();
  const { file, passing } = keeper.slots;
  // Through no link: what is under a directory is a directory all the way.
  const above = bytesOf(directory);
  const groups = slots.map((slot) => [
    ...reach(slot, above, file, passing),
    { op: 'stat', at: file, path: name, nofollow: true } as const,
    { op: 'close', slot: file } as const,
  ]);
  await performEach(keeper, groups, MISSING, {
    done: (index, [stat = NOTHING]) => {
      const slot = slots[index];
      if (slot !== undefined) stats.set(slot, readStat(stat));
    },
  });
  return stats;
}
