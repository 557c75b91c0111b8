/** What a container has written, as a list. */

import type { WrittenPlace } from '../../compile/places.js';
import type { User } from '../../definition/user.js';
import type { Stat } from '../../plan/serving-bytes.js';
import { openDirectory } from '../files/descent.js';
import { permissionsOf } from '../files/kinds.js';
import { NOTHING } from '../files/view.js';
import type { Keeper } from './keeper.js';
import { type Kind, kindOf } from './kinds.js';
import type { Made } from './made.js';
import { findUnder, isOpaque, namesUnder, type Under, type Underlying } from './under.js';
import { below, bytesOf, type Found, listing, type RelativePath, reach, shownBelow, TOP, VANISHED } from './walk.js';

/** Something that a container has written, from {@link RunningContainer.changes}. */
export interface Change {
  /** Absolute, inside. A name that is no UTF-8 has replacement characters. */
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
  /** What is there; of what was deleted, what was. `other`: a FIFO, a socket or a device. */
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
}

/** A place, and what is known of it. */
export interface Comparing {
  readonly place: WrittenPlace;
  /** The slot of what is written there. */
  readonly slot: number;
  readonly under: Under;
  /** What carrel has made, by its path inside. */
  readonly made: ReadonlyMap<string, Made>;
  /** Whose that is. */
  readonly maker: User;
}

interface Directory {
  readonly path: RelativePath;
  /** What is under it; of one that was added, nothing. */
  readonly under: Under;
}

const NOTHING_UNDER: Under = { slots: [], path: TOP };
/** A file of carrel's is compared by what it holds: those are small. */
const COMPARED_MOST = 512 * 1024;

export class Comparison {
  readonly #keeper: Keeper;
  readonly #of: Comparing;
  readonly #found = new Map<string, Change>();
  /** Paths of carrel's that are still there. */
  readonly #seen = new Set<string>();

  constructor(keeper: Keeper, of: Comparing) {
    this.#keeper = keeper;
    this.#of = of;
  }

  /** All that was written to the place. */
  async run(): Promise<readonly Change[]> {
    const waiting: Directory[] = [{ path: TOP, under: this.#of.under }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
      for (const directory of await this.#directory(next)) waiting.push(directory);
    if (this.#of.place.overlay === undefined) this.#removed();
    this.#above();
    return [...this.#found.values()];
  }

  async #directory({ path, under }: Directory): Promise<readonly Directory[]> {
    const { from, file, passing } = this.#keeper.slots;
    const opened = await this.#keeper.perform(reach(this.#of.slot, bytesOf(path), from, passing));
    if (VANISHED.has(opened.error)) return [];
    const hides = under.slots.length > 0 && (await isOpaque(this.#keeper, [openDirectory(file, '.', from)]));
    const shown = this.#path(path);
    const names = new Set<string>();
    const directories: Directory[] = [];
    for await (const found of listing(this.#keeper, from, shown)) {
      for (const entry of found) {
        names.add(entry.name.toString('latin1'));
        const next = await this.#entry(path, entry, under);
        if (next !== undefined) directories.push(next);
      }
    }
    if (hides) await this.#hidden(path, under, names);
    return directories;
  }

  /** Notes what has become of one entry; gives it where it is a directory that has to be looked into. */
  async #entry(directory: RelativePath, { name, stat }: Found, under: Under): Promise<Directory | undefined> {
    const path = below(directory, name);
    const shown = this.#path(path);
    const made = this.#of.made.get(shown);
    if (made !== undefined) this.#seen.add(shown);
    if (made?.kind === 'covered') return undefined;
    const before = await findUnder(this.#keeper, under, name);
    const kind = kindOf(stat);
    if (kind === 'whiteout' && this.#of.place.overlay !== undefined) {
      if (before !== undefined) this.#note(shown, 'deleted', kindOf(before.stat));
      return undefined;
    }
    const isOwn = made !== undefined && (await this.#isAsMade(name, stat, made));
    if (before === undefined && made === undefined) this.#note(shown, 'added', kind);
    else if (!isOwn && !isSameDirectory(stat, before)) this.#note(shown, 'modified', kind);
    return kind === 'directory' ? { path, under: before?.under ?? NOTHING_UNDER } : undefined;
  }

  /** A directory that was made anew shows nothing of what is under it. */
  async #hidden(directory: RelativePath, under: Under, names: ReadonlySet<string>): Promise<void> {
    for (const name of await namesUnder(this.#keeper, under)) {
      if (names.has(name.toString('latin1'))) continue;
      const before = await findUnder(this.#keeper, under, name);
      if (before !== undefined) this.#note(this.#path(below(directory, name)), 'deleted', kindOf(before.stat));
    }
  }

  /** What carrel has made in memory, and is gone. */
  #removed(): void {
    const { made, place } = this.#of;
    for (const [path, { kind }] of made) {
      if (kind === 'covered' || this.#seen.has(path) || !isBelow(path, place.target)) continue;
      if (!this.#isIn(path) || this.#found.has(parentOf(path))) continue;
      this.#note(path, 'deleted', kind);
    }
  }

  /** Whether no other place, and nothing that is mounted, lies between. */
  #isIn(path: string): boolean {
    for (let at = parentOf(path); at !== '' && at !== this.#of.place.target; at = parentOf(at))
      if (this.#of.made.get(at)?.kind === 'covered') return false;
    return true;
  }

  /** A directory that something was changed in has changed. */
  #above(): void {
    for (const { path } of [...this.#found.values()]) {
      // What is above one that is known is, or will be: a hostile tree is deep.
      for (let at = parentOf(path); isBelow(at, this.#of.place.target) && !this.#found.has(at); at = parentOf(at))
        this.#note(at, 'modified', 'directory');
    }
    const { target } = this.#of.place;
    if (this.#found.size > 0 && target !== '/') this.#note(target, 'modified', 'directory');
  }

  async #isAsMade(name: Buffer, stat: Stat, made: Exclude<Made, { kind: 'covered' }>): Promise<boolean> {
    const { uid, gid } = this.#of.maker;
    if (kindOf(stat) !== made.kind || stat.uid !== uid || stat.gid !== gid) return false;
    if (made.kind !== 'symlink' && permissionsOf(stat) !== made.mode) return false;
    if (made.kind === 'directory') return true;
    const { from } = this.#keeper.slots;
    if (made.kind === 'symlink') {
      const { given } = await this.#keeper.perform([{ op: 'readlinkat', at: from, path: name }]);
      return given[0]?.toString() === made.text;
    }
    return stat.size === made.content.length && this.#holds(name, made.content);
  }

  async #holds(name: Buffer, content: Uint8Array): Promise<boolean> {
    const { from, file } = this.#keeper.slots;
    const { error, given } = await this.#keeper.perform([
      { op: 'open', slot: file, at: from, path: name, kind: 'file', flags: [], nofollow: true, mode: 0 },
      { op: 'pread', slot: file, offset: 0, length: Math.min(content.length + 1, COMPARED_MOST) },
      { op: 'close', slot: file },
    ]);
    return error === 0 && Buffer.compare(given[0] ?? NOTHING, content.subarray(0, COMPARED_MOST)) === 0;
  }

  #note(path: string, kind: Change['kind'], type: Kind): void {
    const known = type === 'file' || type === 'directory' || type === 'symlink' ? type : 'other';
    this.#keeper.bounds.listed(path);
    this.#found.set(path, Object.freeze({ path, kind, type: known }));
  }

  #path(path: RelativePath): string {
    return shownBelow(this.#of.place.target, path);
  }
}

/** What overlayfs has copied up on the way to what was changed below has changed in nothing. */
function isSameDirectory(stat: Stat, before: Underlying | undefined): boolean {
  if (before === undefined || kindOf(stat) !== 'directory') return false;
  const { mode, uid, gid } = before.stat;
  return stat.mode === mode && stat.uid === uid && stat.gid === gid;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' ? path.length > 1 : path.startsWith(`${directory}/`);
}
