/** Copies a tree by a keeper: as it is, and as a lower directory of an overlay has to be. */

import { constants } from 'node:os';
import type { OpenFlag } from '../../plan/constants.js';
import { readStat, type Stat } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import { faultOf } from '../files/fault.js';
import type { Group } from '../files/groups.js';
import { permissionsOf } from '../files/kinds.js';
import { NOTHING } from '../files/view.js';
import { copiedAttributes } from './attributes.js';
import type { Keeper } from './keeper.js';
import { kindOf } from './kinds.js';
import { Links } from './links.js';
import {
  below,
  bytesOf,
  type Found,
  listing,
  performEach,
  type RelativePath,
  reach,
  shownBelow,
  TOP,
  VANISHED,
} from './walk.js';

const { EEXIST, EINVAL, EMLINK } = constants.errno;
/** Who removes and makes files while they are listed can have one listed twice. */
const EXPECTED: ReadonlySet<number> = new Set([...VANISHED, EEXIST, EMLINK]);
/** What is copied of a file at a time. What is larger is copied by lists of its own. */
const PIECE = 16 * 1024 * 1024;
/** Blocks of stat(2), in bytes. */
const BLOCK = 512;
const HERE = '.';

/** What is copied, and where to. */
export interface Copying {
  /** The slot of the tree. */
  readonly from: number;
  /** The name that it gets in the keeper's directory. */
  readonly name: string;
  /** How errors name its top. */
  readonly shown: string;
  /** Whether overlayfs keeps its notes there: what was removed, and which directories hide those below them. */
  readonly isLayer: boolean;
  /** Whether files can belong to several owners. */
  readonly hasOwners: boolean;
}

interface Directory {
  readonly path: RelativePath;
  readonly stat: Stat;
}

/** Copies one tree, and gives how many bytes it takes. What is removed or replaced meanwhile is left out. */
export async function copyTree(keeper: Keeper, copying: Copying): Promise<number> {
  const copy = new TreeCopy(keeper, copying);
  const waiting: Directory[] = [await copy.begin()];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const directory of await copy.directory(next)) waiting.push(directory);
  }
  return copy.bytes;
}

class TreeCopy {
  readonly #keeper: Keeper;
  readonly #copying: Copying;
  readonly #links: Links;
  bytes = 0;

  constructor(keeper: Keeper, copying: Copying) {
    this.#keeper = keeper;
    this.#copying = copying;
    this.#links = new Links(copying.name);
  }

  async begin(): Promise<Directory> {
    const { from, name, shown } = this.#copying;
    const steps: readonly ServedStep[] = [
      { op: 'stat', at: from, path: HERE, nofollow: true },
      { op: 'mkdirat', at: this.#directory, path: name, mode: 0o700 },
    ];
    const [stat = NOTHING] = await this.#keeper.ask(steps, { syscall: 'stat', path: shown });
    return { path: TOP, stat: readStat(stat) };
  }

  /** Copies one directory, without what is in those below it, which it gives. */
  async directory({ path, stat }: Directory): Promise<readonly Directory[]> {
    const { from, into, passing } = this.#keeper.slots;
    const shown = this.#shown(path);
    const opened = await this.#keeper.perform(reach(this.#copying.from, bytesOf(path), from, passing));
    await this.#keeper.ask(reach(this.#directory, this.#target(path), into, passing), { syscall: 'open', path: shown });
    const directories: Directory[] = [];
    if (!VANISHED.has(opened.error)) {
      for await (const found of listing(this.#keeper, from, shown)) {
        for (let rest = found; rest.length > 0; ) rest = await this.#entries(path, rest);
        for (const { name, stat: each } of found)
          if (kindOf(each) === 'directory') directories.push({ path: below(path, name), stat: each });
      }
      await this.#attributes(from, into, shown);
    }
    await this.#keeper.ask(this.#owned(HERE, stat), { syscall: 'chown', path: shown });
    return directories;
  }

  get #directory(): number {
    return this.#keeper.slots.directory ?? 0;
  }

  /** Where the copy of something is, from the keeper's directory. */
  #target(path: RelativePath): Buffer {
    const { name } = this.#copying;
    return path.length === 0 ? Buffer.from(name) : Buffer.concat([Buffer.from(`${name}/`), bytesOf(path)]);
  }

  /** Copies entries of one directory. Gives those that have to wait: other names of a file that is copied now. */
  async #entries(path: RelativePath, all: readonly Found[]): Promise<readonly Found[]> {
    const { now: found, later } = this.#links.divide(path, all);
    const shown = (index: number): string => this.#shown(below(path, found[index]?.name ?? NOTHING));
    const texts = await this.#texts(found, shown);
    const named: Found[] = [];
    await performEach(
      this.#keeper,
      found.map((entry, index) => this.#group(path, entry, texts.get(index))),
      EXPECTED,
      {
        shown,
        done: (index, given) => {
          const entry = found[index];
          if (entry === undefined || kindOf(entry.stat) !== 'file' || given.length === 0) return;
          if (given.length > 1) this.#count(given[0], () => shown(index));
          this.#copied(path, entry, given.at(-1), named);
        },
        left: (index, error) => {
          const entry = found[index];
          if (entry === undefined || error !== EMLINK) return;
          // In memory a file has more names than on disk: another copy has the others.
          this.#links.forget(path, entry);
          later.push(entry);
        },
      },
    );
    for (const entry of found)
      if (isLarge(entry) && this.#links.copyOf(path, entry) === undefined) await this.#large(path, entry, named);
    for (const entry of named) await this.#fileAttributes(entry, this.#shown(below(path, entry.name)));
    return later;
  }

  /** A file is copied: `names` are those of its extended attributes. */
  #copied(path: RelativePath, entry: Found, names: Buffer | undefined, named: Found[]): void {
    this.bytes += entry.stat.blocks * BLOCK;
    if (names !== undefined && names.length > 0) named.push(entry);
    this.#links.copied(path, entry);
  }

  /** Counts what `copyRange` has copied, and gives where it goes on. */
  #count(told: Buffer | undefined, shown: () => string): bigint {
    const [next = 0n, count = 0n] = told === undefined ? [] : [told.readBigUInt64LE(), told.readBigUInt64LE(8)];
    this.#keeper.bounds.copied(Number(count), shown);
    return next;
  }

  /** What the links say, by their place. */
  async #texts(found: readonly Found[], shown: (index: number) => string): Promise<ReadonlyMap<number, Buffer>> {
    const links = found.flatMap(({ stat }, index) => (kindOf(stat) === 'symlink' ? [index] : []));
    const texts = new Map<number, Buffer>();
    const at = this.#keeper.slots.from;
    const steps = links.map((index): Group => [{ op: 'readlinkat', at, path: found[index]?.name ?? NOTHING }]);
    // EINVAL: it is another thing by now.
    await performEach(this.#keeper, steps, new Set([...VANISHED, EINVAL]), {
      shown: (index) => shown(links[index] ?? 0),
      done: (index, [text]) => {
        const link = links[index];
        if (link !== undefined && text !== undefined) texts.set(link, text);
      },
    });
    return texts;
  }

  #group(path: RelativePath, entry: Found, text: Buffer | undefined): Group {
    const { name, stat } = entry;
    const at = this.#keeper.slots.into;
    const kind = kindOf(stat);
    switch (kind) {
      case 'directory':
        return [{ op: 'mkdirat', at, path: name, mode: 0o700 }];
      case 'symlink':
        // A name alone: what was put in its place has another one.
        if (text === undefined) return [];
        return [{ op: 'symlinkat', text, at, path: name }, ...this.#owned(name, stat, true)];
      case 'fifo':
      case 'socket':
        return [
          { op: 'mknodat', at, path: name, type: kind, mode: permissionsOf(stat) },
          ...this.#owned(name, stat, true),
        ];
      case 'whiteout':
        return this.#copying.isLayer ? [{ op: 'mknodat', at, path: name, type: kind, mode: 0 }] : [];
      case 'device':
        return [];
      case 'file':
        return this.#file(path, entry);
    }
  }

  #file(path: RelativePath, entry: Found): Group {
    const { file, copy } = this.#keeper.slots;
    const { name, stat } = entry;
    const first = this.#links.copyOf(path, entry);
    if (first !== undefined) {
      const to = this.#target(below(path, name));
      return [{ op: 'linkat', at: this.#directory, path: this.#target(first), to }];
    }
    if (isLarge(entry)) return [];
    return [
      ...this.#both(name, ['write', 'create', 'exclusive']),
      ...(stat.size === 0
        ? []
        : [
            { op: 'copyRange', slot: file, into: copy, offset: 0, length: stat.size } as const,
            { op: 'ftruncate', slot: copy, length: stat.size } as const,
          ]),
      { op: 'listXattr', slot: file },
      { op: 'close', slot: file },
      { op: 'close', slot: copy },
      ...this.#owned(name, stat),
    ];
  }

  async #large(path: RelativePath, entry: Found, named: Found[]): Promise<void> {
    const { file, copy } = this.#keeper.slots;
    const { stat, name } = entry;
    const shown = this.#shown(below(path, name));
    const asked = { syscall: 'copy', path: shown };
    const opened = await this.#keeper.perform(this.#both(name, ['write', 'create', 'exclusive']));
    if (EXPECTED.has(opened.error)) return;
    if (opened.error !== 0) throw faultOf(opened, this.#both(name, []), asked);
    for (let offset = 0; offset < stat.size; ) {
      const length = Math.min(PIECE, stat.size - offset);
      const step: ServedStep = { op: 'copyRange', slot: file, into: copy, offset, length };
      const [told] = await this.#keeper.ask([step], asked);
      const next = this.#count(told, () => shown);
      offset = next > BigInt(stat.size) ? stat.size : Number(next);
    }
    const [names] = await this.#keeper.ask(
      [
        { op: 'ftruncate', slot: copy, length: stat.size },
        { op: 'listXattr', slot: file },
        { op: 'close', slot: file },
        { op: 'close', slot: copy },
        ...this.#owned(name, stat),
      ],
      asked,
    );
    this.#copied(path, entry, names, named);
  }

  /** Opens a file, and its copy. */
  #both(path: Buffer, flags: readonly OpenFlag[]): Group {
    const { from, into, file, copy } = this.#keeper.slots;
    return [
      { op: 'open', slot: file, at: from, path, kind: 'file', flags: [], nofollow: true, mode: 0 },
      { op: 'open', slot: copy, at: into, path, kind: 'file', flags, nofollow: true, mode: 0o600 },
    ];
  }

  async #fileAttributes({ name }: Found, shown: string): Promise<void> {
    const { file, copy } = this.#keeper.slots;
    const opened = await this.#keeper.perform(this.#both(name, ['write']));
    if (VANISHED.has(opened.error)) return;
    await this.#attributes(file, copy, shown);
  }

  /** Gives a copy the extended attributes that are the container's, and those by which it is a layer. */
  async #attributes(slot: number, into: number, shown: string): Promise<void> {
    const asked = { syscall: 'setxattr', path: shown };
    const [names = NOTHING] = await this.#keeper.ask([{ op: 'listXattr', slot }], { ...asked, syscall: 'listxattr' });
    const copied = copiedAttributes(names, this.#copying.isLayer);
    const steps = copied.map((name): ServedStep => ({ op: 'copyXattr', slot, into, name }));
    if (steps.length > 0) await this.#keeper.ask(steps, asked);
  }

  #owned(path: string | Buffer, stat: Stat, isLast = false): Group {
    const steps = asOwned(this.#keeper.slots.into, path, stat, isLast);
    return this.#copying.hasOwners ? steps : steps.filter(({ op }) => op !== 'fchownat');
  }

  #shown(path: RelativePath): string {
    return shownBelow(this.#copying.shown, path);
  }
}

/** Owner, permissions and times, in this order: each but the last changes those behind it. */
function asOwned(at: number, path: string | Buffer, stat: Stat, isLast: boolean): Group {
  const { uid, gid, atimeS, atimeNs, mtimeS, mtimeNs } = stat;
  return [
    { op: 'fchownat', at, path, uid, gid, nofollow: true },
    // A link has none, and those of what mknod(2) has made are there.
    ...(isLast ? [] : [{ op: 'fchmodat', at, path, mode: permissionsOf(stat) } as const]),
    { op: 'utimensat', at, path, atimeS, atimeNs, mtimeS, mtimeNs, nofollow: true },
  ];
}

function isLarge({ stat }: Found): boolean {
  return kindOf(stat) === 'file' && stat.size > PIECE;
}
