/** How a keeper goes through a tree: one directory after the other, each found from the top by names alone. */

import { constants } from 'node:os';
import { type DirectoryEntry, readEntries, readStat, type Stat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { openDirectory } from '../files/descent.js';
import { faultOf } from '../files/fault.js';
import { type Group, performGroups } from '../files/groups.js';
import { NOTHING } from '../files/view.js';
import type { Keeper } from './keeper.js';

const { ELOOP, ENOENT, ENOTDIR, EISDIR, ENXIO } = constants.errno;
/** Somebody has removed it, or put something else there: it is not what was looked at. */
export const VANISHED: ReadonlySet<number> = new Set([ELOOP, ENOENT, ENOTDIR, EISDIR, ENXIO]);

/** A path of one step. The kernel takes 4,096 bytes. path_resolution(7) */
const PATH_MOST = 3500;
const SLASH = Buffer.from('/');
const HERE = Buffer.from('.');
/** Entries that are listed at a time. */
const LISTING = 128 * 1024;
/** Steps, and bytes of names, of one list. */
const LIST_STEPS = 400;
const LIST_BYTES = 64 * 1024;

/**
 * A path below the top of a tree. What is above is shared: a hostile tree is as deep as it likes, and many of its
 * directories wait for their turn.
 */
export interface RelativePath {
  /** `undefined`: it is the top. */
  readonly above: RelativePath | undefined;
  readonly name: Buffer;
  /** Bytes of all that {@link bytesOf} gives. */
  readonly length: number;
}

export const TOP: RelativePath = { above: undefined, name: NOTHING, length: 0 };

export function below(above: RelativePath, name: Uint8Array): RelativePath {
  return { above, name: Buffer.from(name), length: above.length + (above.length > 0 ? 1 : 0) + name.length };
}

/** The names with slashes between them; of the top itself it is empty. */
export function bytesOf(path: RelativePath): Buffer {
  const bytes = Buffer.alloc(path.length, SLASH);
  let end = path.length;
  for (let at = path; at.above !== undefined; at = at.above) {
    end -= at.name.length;
    bytes.set(at.name, end);
    end -= 1;
  }
  return bytes;
}

/** A path as errors and lists show it. */
export function shownBelow(top: string, path: RelativePath): string {
  return path.length === 0 ? top : `${top === '/' ? '' : top}/${bytesOf(path).toString()}`;
}

/** The steps that open a directory into `slot`, however deep it is. `passing`: what lies on the way, in turn. */
export function reach(
  at: number,
  path: Buffer,
  slot: number,
  passing: readonly [number, number],
): readonly ServedStep[] {
  const steps: ServedStep[] = [];
  let from = at;
  let rest = path;
  while (rest.length > PATH_MOST) {
    const end = rest.subarray(0, PATH_MOST).lastIndexOf(SLASH);
    const next = passing[steps.length % 2] ?? slot;
    steps.push(openDirectory(next, rest.subarray(0, end), from));
    from = next;
    rest = rest.subarray(end + 1);
  }
  return [...steps, openDirectory(slot, rest.length === 0 ? HERE : rest, from)];
}

/** What has a name in a directory. */
export interface Found {
  readonly name: Buffer;
  readonly stat: Stat;
}

/** The entries of the directory that is open in `slot`, some at a time. */
export async function* listing(keeper: Keeper, slot: number, shown: string): AsyncGenerator<readonly Found[]> {
  for (;;) {
    const steps: readonly ServedStep[] = [{ op: 'getdents', slot, length: LISTING }];
    const answer = await keeper.perform(steps);
    // It was removed after it was opened: nothing is in it. getdents(2)
    if (answer.error === ENOENT) return;
    if (answer.error !== 0) throw faultOf(answer, steps, { syscall: 'scandir', path: shown });
    const [chunk = NOTHING] = answer.given;
    if (chunk.length === 0) return;
    const entries = readEntries(chunk);
    keeper.bounds.found(entries.length, shown);
    yield await statAll(keeper, slot, entries);
  }
}

async function statAll(keeper: Keeper, at: number, entries: readonly DirectoryEntry[]): Promise<readonly Found[]> {
  const groups = entries.map(({ name }): Group => [{ op: 'stat', at, path: name, nofollow: true }]);
  const found: Found[] = [];
  await performEach(keeper, groups, VANISHED, {
    done: (index, [stat = NOTHING]) => {
      const name = entries[index]?.name;
      if (name !== undefined) found.push({ name, stat: readStat(stat) });
    },
  });
  return found;
}

export interface Told {
  /** A group was done: what its steps gave. */
  done(index: number, given: readonly Buffer[]): void;
  /** One was refused by what is expected, and is left out. */
  left?(index: number, error: number): void;
  /** How an error names what a group is about. */
  shown?(index: number): string;
}

/** Performs many groups by few lists. Throws at an error that is not among `expected`. */
export function performEach(
  keeper: Keeper,
  groups: readonly Group[],
  expected: ReadonlySet<number>,
  { done, left, shown }: Told,
): Promise<void> {
  return performGroups(keeper, groups, {
    fitting: (first) => fitting(groups, first),
    done,
    refused: (index, answer, steps) => {
      if (expected.has(answer.error)) return left?.(index, answer.error);
      throw faultOf(answer, steps, { syscall: steps[answer.done]?.op ?? 'open', path: shown?.(index) });
    },
  });
}

/** How many groups from `first` on go into one list: one at least. */
function fitting(groups: readonly Group[], first: number): number {
  let steps = 0;
  let bytes = 0;
  let count = 0;
  for (const group of groups.slice(first, first + LIST_STEPS)) {
    steps += group.length;
    bytes += group.reduce((sum, step) => sum + sizeOf(step), 0);
    if (count > 0 && (steps > LIST_STEPS || bytes > LIST_BYTES)) break;
    count += 1;
  }
  return count;
}

function sizeOf(step: ServedStep): number {
  const path = 'path' in step && step.path !== undefined ? step.path.length : 0;
  // What is copied takes its time.
  const copied = step.op === 'copyRange' ? step.length / 512 : 0;
  return path + copied + ('text' in step ? step.text.length : 0) + ('to' in step ? String(step.to).length : 0);
}
