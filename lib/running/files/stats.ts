/** What is known of a file, with the fields and methods of Node's own. */

import type { Stat } from '../../plan/serving-bytes.js';

/** The kinds of files, S_IF* of inode(7). */
const KIND_MASK = 0o170000;
const KINDS = { file: 0o100000, directory: 0o040000, link: 0o120000, fifo: 0o010000, socket: 0o140000 } as const;
const DEVICES = { block: 0o060000, character: 0o020000 } as const;

/** What something in a directory is. */
abstract class Kind {
  protected abstract get kind(): number;

  isFile(): boolean {
    return this.kind === KINDS.file;
  }

  isDirectory(): boolean {
    return this.kind === KINDS.directory;
  }

  isSymbolicLink(): boolean {
    return this.kind === KINDS.link;
  }

  isFIFO(): boolean {
    return this.kind === KINDS.fifo;
  }

  isSocket(): boolean {
    return this.kind === KINDS.socket;
  }

  isBlockDevice(): boolean {
    return this.kind === DEVICES.block;
  }

  isCharacterDevice(): boolean {
    return this.kind === DEVICES.character;
  }
}

/** Fields and methods of `fs.Stats`, which others cannot make. Ids are those of the container. */
export class FileStats extends Kind {
  /** Kind and permissions. inode(7) */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly ino: number;
  readonly nlink: number;
  /** Milliseconds since 1970, as all times. */
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;

  /** @internal */
  constructor(stat: Stat) {
    super();
    this.mode = stat.mode;
    this.uid = stat.uid;
    this.gid = stat.gid;
    this.size = stat.size;
    this.ino = stat.ino;
    this.nlink = stat.nlink;
    this.atimeMs = stat.atimeS * 1000 + stat.atimeNs / 1e6;
    this.mtimeMs = stat.mtimeS * 1000 + stat.mtimeNs / 1e6;
    this.ctimeMs = stat.ctimeS * 1000 + stat.ctimeNs / 1e6;
  }

  /** When what it holds was changed last. */
  get mtime(): Date {
    return new Date(this.mtimeMs);
  }

  protected get kind(): number {
    return this.mode & KIND_MASK;
  }
}

/** An entry of a directory, like Node's `Dirent`. */
export class Entry extends Kind {
  readonly name: string;
  /** The directory as it was named. */
  readonly parentPath: string;
  readonly #kind: number;

  /** @internal */
  constructor(name: string, parentPath: string, mode: number) {
    super();
    this.name = name;
    this.parentPath = parentPath;
    this.#kind = mode & KIND_MASK;
  }

  protected get kind(): number {
    return this.#kind;
  }
}
