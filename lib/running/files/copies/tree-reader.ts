/**
 * Reads a tree by a server, as entries. Each is found by its name in a directory that is open, no link is followed, and
 * nothing but regular files and directories is opened. So who changes the tree meanwhile changes what of it is read,
 * and nothing else.
 */

import { constants } from 'node:os';
import type { StepError } from '../../../errors/errors.js';
import { type DirectoryEntry, readStat, type Stat } from '../../../plan/serving-bytes.js';
import type { ServedStep } from '../../../plan/steps.js';
import { closeSlots, Descent, PATH_MOST } from '../descent.js';
import { faultOf } from '../fault.js';
import { performGroups } from '../groups.js';
import { listing } from '../listing.js';
import type { Performer } from '../servers.js';
import { FileStats } from '../stats.js';
import { ask, NOTHING } from '../view.js';
import type { Course } from './course.js';
import { below, type Entry } from './entries.js';
import { timesOf } from './entry-steps.js';
import { type Side, slotsOf } from './side.js';

const { EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO } = constants.errno;
/** What another kind of file, or none, in place of one that was seen there is refused by. */
const CHANGED: readonly number[] = [ELOOP, ENOENT, ENOTDIR, ENXIO, EISDIR];
/** Files of up to this size are read, and written, many with one list. */
export const SMALL: number = 96 * 1024;
/** What small files may give together: an answer has a megabyte. */
const GIVEN = 768 * 1024;
/** What is given of a file beside its content. */
const GIVEN_HEAD = 256;
const LOOKED_AT = 256;
const SET_IDS = 0o6000;
const TOO_LONG = 'ENAMETOOLONG';
const MODE = 0o1777;

interface Found {
  readonly name: Buffer;
  readonly path: Buffer;
  readonly stat: Stat;
}

/** A directory that was entered, and which of those in it are still to come. There may be many, and paths are long. */
interface Level {
  readonly path: Buffer;
  readonly left: Omit<Found, 'path'>[];
}

/** What is at the top. */
export interface Top {
  readonly stat: FileStats;
  readonly entry: Entry | undefined;
}

export class TreeReader {
  readonly #side: Side;
  readonly #course: Course;
  readonly #path: string | Uint8Array;
  readonly #follows: boolean;
  readonly #descent: Descent;
  /** For files that are large. */
  readonly #slot: number;

  /** @param follows Whether a link at the end of `path` is followed. */
  constructor(side: Side, course: Course, path: string | Uint8Array, follows: boolean) {
    this.#side = side;
    this.#course = course;
    this.#path = path;
    this.#follows = follows;
    this.#slot = slotsOf(side).read;
    this.#descent = new Descent(side.server, slotsOf(side).directories, { syscall: 'cp', path: course.name(NOTHING) });
  }

  /** Finds out what is there. A directory is entered; anything else is an entry without a path. */
  async begin(): Promise<Top> {
    const { server } = this.#side;
    const asked = { syscall: 'cp', path: this.#course.name(NOTHING) };
    const step: ServedStep = { op: 'stat', path: this.#path, nofollow: !this.#follows };
    const [given = NOTHING] = await ask(server, [step], asked);
    const found = { name: NOTHING, path: NOTHING, stat: readStat(given) };
    const stat = new FileStats(found.stat);
    if (stat.isDirectory()) {
      await this.#descent.begin(this.#path, !this.#follows);
      return { stat, entry: this.#directory(found) };
    }
    this.#course.found(1);
    if (stat.isSymbolicLink()) {
      const [target = NOTHING] = await ask(server, [{ op: 'readlinkat', path: this.#path }], asked);
      return { stat, entry: { kind: 'link', path: NOTHING, target: Buffer.from(target), ...timesOf(found.stat) } };
    }
    if (!stat.isFile()) {
      this.#course.skip(NOTHING, kindOf(stat));
      return { stat, entry: undefined };
    }
    const [entry] = await this.#open(found, undefined);
    return { stat, entry };
  }

  /** All that the directory at the top holds, each directory before what is in it. */
  async *entries(): AsyncGenerator<readonly Entry[], void, undefined> {
    const levels: Level[] = [{ path: NOTHING, left: [] }];
    yield* this.#contents(levels[0] as Level);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      this.#course.check();
      const left = level.left.pop();
      if (left === undefined) {
        levels.pop();
        if (levels.length > 0) await this.#descent.leave();
        continue;
      }
      const next = { ...left, path: below(level.path, left.name) };
      if (!(await this.#enter(next))) continue;
      yield [this.#directory(next)];
      const entered = { path: next.path, left: [] };
      levels.push(entered);
      yield* this.#contents(entered);
    }
  }

  /** Closes all that is open. */
  close(): Promise<void> {
    return closeSlots(this.#side.server, [...this.#descent.filled, this.#slot]);
  }

  /** Whether the directory is still there. */
  async #enter({ name, path }: Found): Promise<boolean> {
    try {
      await this.#descent.enter(name);
      return true;
    } catch (error) {
      return changed(this.#course, path, error as StepError);
    }
  }

  /** What is in the directory where it is, but for the directories, which are left for later. */
  async *#contents(level: Level): AsyncGenerator<readonly Entry[], void, undefined> {
    const names = await this.#list(level.path);
    for (let at = 0; at < names.length; at += LOOKED_AT) {
      const small: Found[] = [];
      const links: Found[] = [];
      for (const found of await this.#stats(level.path, names.slice(at, at + LOOKED_AT))) {
        const stat = new FileStats(found.stat);
        if (stat.isDirectory()) level.left.push({ name: found.name, stat: found.stat });
        else if (stat.isSymbolicLink()) links.push(found);
        else if (!stat.isFile()) this.#course.skip(found.path, kindOf(stat));
        else if (found.stat.size <= SMALL) small.push(found);
        else yield await this.#open(found, this.#descent.slot);
      }
      yield* this.#small(small);
      if (links.length > 0) yield await this.#links(links);
    }
    level.left.reverse();
  }

  async #list(path: Buffer): Promise<readonly DirectoryEntry[]> {
    const entries: DirectoryEntry[] = [];
    for await (const more of listing(this.#side.server, this.#descent.slot, this.#course.name(path))) {
      this.#course.found(more.length);
      // What a file system calls an entry is a name only where the kernel would take it for one.
      for (const entry of more) if (entry.name.length > 0 && !entry.name.includes('/')) entries.push(entry);
    }
    return entries;
  }

  /**
   * What is known of these, but for those that are gone, and those whose path is too long to be made anywhere: it would
   * grow with each directory, and so would what is kept of it, as long as the container makes more.
   */
  async #stats(above: Buffer, entries: readonly DirectoryEntry[]): Promise<readonly Found[]> {
    const at = this.#descent.slot;
    const found: Found[] = [];
    const placed = entries.map(({ name }) => ({ name, path: below(above, name) }));
    for (const { path } of placed) if (path.length > PATH_MOST) this.#course.skip(path, TOO_LONG);
    await performEach(
      this.#side.server,
      this.#course,
      placed.filter(({ path }) => path.length <= PATH_MOST),
      ({ name }) => [{ op: 'stat', at, path: name, nofollow: true }],
      ({ name, path }, [stat = NOTHING]) => found.push({ name, path, stat: readStat(stat) }),
    );
    return found;
  }

  async #links(links: readonly Found[]): Promise<readonly Entry[]> {
    const at = this.#descent.slot;
    const entries: Entry[] = [];
    await performEach(
      this.#side.server,
      this.#course,
      links,
      ({ name }) => [{ op: 'readlinkat', at, path: name }],
      ({ path, stat }, [target = NOTHING]) =>
        entries.push({ kind: 'link', path, target: Buffer.from(target), ...timesOf(stat) }),
      // A link says up to 4,096 bytes, and the answer keeps room for so many.
      64,
    );
    return entries;
  }

  async *#small(files: readonly Found[]): AsyncGenerator<readonly Entry[], void, undefined> {
    for (let from = 0; from < files.length; ) {
      const group: Found[] = [];
      for (let given = 0; from < files.length; from += 1) {
        const file = files[from] as Found;
        given += lengthOf(file) + GIVEN_HEAD;
        if (given > GIVEN && group.length > 0) break;
        group.push(file);
      }
      yield* this.#group(group);
    }
  }

  async *#group(group: readonly Found[]): AsyncGenerator<readonly Entry[], void, undefined> {
    const at = this.#descent.slot;
    const slot = this.#side.slots.passing;
    const entries: Entry[] = [];
    const grown: Found[] = [];
    await performEach(
      this.#side.server,
      this.#course,
      group,
      (file) => [
        { op: 'open', slot, at, path: file.name, kind: 'file', flags: [], nofollow: true, mode: 0 },
        { op: 'fstat', slot },
        { op: 'pread', slot, offset: 0, length: lengthOf(file) },
        { op: 'close', slot },
      ],
      (file, [stat = NOTHING, content = NOTHING]) => {
        const now = readStat(stat);
        if (content.length >= lengthOf(file)) {
          grown.push({ ...file, stat: now });
          return;
        }
        this.#course.take(file.path, content.length);
        entries.push({ kind: 'small', path: file.path, mode: this.#mode(file.path, now), content, ...timesOf(now) });
      },
    );
    yield entries;
    for (const file of grown) yield await this.#open(file, at);
  }

  /** Opens a file, which stays open until the next entry is asked for. */
  async #open({ name, path, stat }: Found, at: number | undefined): Promise<readonly Entry[]> {
    const { server } = this.#side;
    const slot = this.#slot;
    if (stat.size > this.#course.room) this.#course.take(path, stat.size);
    const place =
      at === undefined ? { path: this.#path, nofollow: !this.#follows } : { at, path: name, nofollow: true };
    const steps: readonly ServedStep[] = [
      { op: 'open', slot, ...place, kind: 'file', flags: [], mode: 0 },
      { op: 'fstat', slot },
    ];
    try {
      const [given = NOTHING] = await ask(server, steps, { syscall: 'open', path: this.#course.name(path) });
      const now = readStat(given);
      const [mode, size] = [this.#mode(path, now), now.size];
      return [{ kind: 'open', path, mode, size, side: this.#side, slot, ...timesOf(now) }];
    } catch (error) {
      if (at === undefined) throw error;
      changed(this.#course, path, error as StepError);
      return [];
    }
  }

  #directory({ path, stat }: Found): Entry {
    return { kind: 'directory', path, mode: this.#mode(path, stat), ...timesOf(stat) };
  }

  #mode(path: Buffer, { mode }: Stat): number {
    if ((mode & SET_IDS) !== 0 && new FileStats({ mode } as Stat).isFile()) this.#course.skip(path, 'set-id bits');
    return mode & MODE;
  }
}

/**
 * Performs the same steps for each, many with one list, and hands over what they gave. What was changed meanwhile is
 * left out.
 */
async function performEach<Item extends { readonly path: Buffer }>(
  server: Performer,
  course: Course,
  items: readonly Item[],
  stepsOf: (item: Item) => readonly ServedStep[],
  take: (item: Item, given: readonly Buffer[]) => void,
  most: number = LOOKED_AT,
): Promise<void> {
  await performGroups(server, items.map(stepsOf), {
    fitting: () => {
      course.check();
      return most;
    },
    done: (index, given) => take(items[index] as Item, given),
    refused: (index, answer, steps) => {
      const { path } = items[index] as Item;
      const op = steps[answer.done]?.op;
      const syscall = op === 'readlinkat' ? 'readlink' : op === 'stat' ? 'lstat' : 'open';
      // What is no link any more is told by EINVAL. readlinkat(2)
      if (op === 'readlinkat' && answer.error === EINVAL) course.skip(path, 'changed meanwhile');
      else changed(course, path, faultOf(answer, steps, { syscall, path: course.name(path) }));
    },
  });
}

/** What was seen there is there no longer. Throws any other refusal. */
function changed(course: Course, path: Buffer, error: StepError): false {
  if (!CHANGED.includes(Math.abs(error.errno ?? 0))) throw error;
  course.skip(path, 'changed meanwhile');
  return false;
}

/** One more byte than it has: what gives so many has grown. Some files of /proc say that they have none. */
function lengthOf({ stat }: Found): number {
  return stat.size === 0 ? 4096 : stat.size + 1;
}

function kindOf(stat: FileStats): string {
  if (stat.isFIFO()) return 'FIFO';
  if (stat.isSocket()) return 'socket';
  if (stat.isBlockDevice()) return 'block device';
  return stat.isCharacterDevice() ? 'character device' : 'unknown kind';
}
