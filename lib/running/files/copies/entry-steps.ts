/** The steps by which entries are made, at one side and in one manner. */

import type { ServedStep } from '../../../plan/steps.js';
import type { Entry, OpenFile, StreamedFile, Times } from './entries.js';

/** What a list of steps makes as a whole. */
export type Whole = Exclude<Entry, OpenFile | StreamedFile>;

const OWNER = 0o700;

/** Where entries are made. */
export interface EntryPlace {
  /** Where paths begin: the directory in this slot. `undefined`: at the root, and links on the way are followed. */
  readonly at: number | undefined;
  /** An entry without a path is this one. */
  readonly name?: Buffer;
}

export class EntrySteps {
  readonly #where: EntryPlace;
  /** For files that are made whole. */
  readonly #slot: number;

  constructor(where: EntryPlace, slot: number) {
    this.#where = where;
    this.#slot = slot;
  }

  get at(): { readonly at?: number } {
    const { at } = this.#where;
    return at === undefined ? {} : { at };
  }

  place(path: Buffer): string | Buffer {
    const { at, name } = this.#where;
    const own = path.length === 0 && name !== undefined ? name : path;
    if (at !== undefined) return own.length === 0 ? '.' : own;
    return Buffer.concat([Buffer.from('/'), own]);
  }

  removal(path: string | Buffer, replaces: false | 'file' | 'directory'): readonly ServedStep[] {
    if (replaces === false) return [];
    return [{ op: 'unlinkat', ...this.at, path, directory: replaces === 'directory' }];
  }

  making(entry: Whole, path: string | Buffer): readonly ServedStep[] {
    const slot = this.#slot;
    switch (entry.kind) {
      case 'directory':
        return [{ op: 'mkdirat', ...this.at, path, mode: entry.mode | OWNER }];
      case 'small':
        return [
          this.creation(path, entry.mode, slot),
          ...(entry.content.length === 0 ? [] : [{ op: 'pwrite', slot, offset: 0, content: entry.content } as const]),
          { op: 'close', slot },
          this.timing(path, entry),
        ];
      case 'link':
        return [{ op: 'symlinkat', text: entry.target, ...this.at, path }, this.timing(path, entry)];
      case 'hard link':
        return [{ op: 'linkat', ...this.at, path: this.place(entry.target), to: path }];
    }
  }

  creation(path: string | Buffer, mode: number, slot: number): ServedStep {
    const flags = ['write', 'create', 'exclusive'] as const;
    return { op: 'open', slot, ...this.at, path, kind: 'file', flags, nofollow: true, mode };
  }

  timing(path: string | Buffer, times: Times): ServedStep {
    return { op: 'utimensat', ...this.at, path, ...timesOf(times), nofollow: true };
  }
}

export function timesOf({ atimeS, atimeNs, mtimeS, mtimeNs }: Times): Times {
  return { atimeS, atimeNs, mtimeS, mtimeNs };
}
