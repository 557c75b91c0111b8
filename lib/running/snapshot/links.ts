/** Files that have several names: the first of them is copied, the others are links to the copy. */

import { kindOf } from './kinds.js';
import { below, type Found, type RelativePath } from './walk.js';

/** What is linked is found by a path. path_resolution(7) */
const LINKED_MOST = 4000;

export class Links {
  /** What stands before each path. */
  readonly #before: number;
  /** Where the copies are, by the file. */
  readonly #copies = new Map<string, RelativePath>();

  constructor(name: string) {
    this.#before = name.length;
  }

  /** Where the copy is that an entry is one more name of. */
  copyOf(path: RelativePath, entry: Found): RelativePath | undefined {
    const file = this.#fileOf(path, entry);
    return file === undefined ? undefined : this.#copies.get(file);
  }

  copied(path: RelativePath, entry: Found): void {
    const file = this.#fileOf(path, entry);
    if (file !== undefined) this.#copies.set(file, below(path, entry.name));
  }

  /** The copy can have no more names. */
  forget(path: RelativePath, entry: Found): void {
    this.#copies.delete(this.#fileOf(path, entry) ?? '');
  }

  /** What can be copied or linked now, and what has to wait for the copy of another name, which may vanish. */
  divide(path: RelativePath, entries: readonly Found[]): { readonly now: readonly Found[]; readonly later: Found[] } {
    const first = new Set<string>();
    const now: Found[] = [];
    const later: Found[] = [];
    for (const entry of entries) {
      const file = this.#fileOf(path, entry);
      const waits = file !== undefined && !this.#copies.has(file) && first.has(file);
      (waits ? later : now).push(entry);
      if (file !== undefined) first.add(file);
    }
    return { now, later };
  }

  /** Which file it is, where it may have other names. */
  #fileOf(path: RelativePath, { name, stat }: Found): string | undefined {
    const length = this.#before + path.length + name.length + 2;
    if (kindOf(stat) !== 'file' || stat.nlink < 2 || length > LINKED_MOST) return undefined;
    return `${stat.dev}:${stat.ino}`;
  }
}
