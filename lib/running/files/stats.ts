/** What is known of a file, with the fields and methods of Node's own. */

import type { Stat } from '../../plan/serving-bytes.js';
import { type FileKind, kindOfMode } from './kinds.js';

/** What something in a directory is. */
abstract class Kind {
  /** @internal */
  protected abstract get kind(): FileKind | undefined;

  isFile(): boolean {
    return this.kind === 'file';
  }

  isDirectory(): boolean {
    return this.kind === 'directory';
  }

  isSymbolicLink(): boolean {
    return this.kind === 'symlink';
  }

  isFIFO(): boolean {
    return this.kind === 'fifo';
  }

  isSocket(): boolean {
    return this.kind === 'socket';
  }

  isBlockDevice(): boolean {
    return this.kind === 'block';
  }

  isCharacterDevice(): boolean {
    return this.kind === 'character';
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

  /** @internal */
  protected get kind(): FileKind | undefined {
    return kindOfMode(this.mode);
  }
}

/** An entry of a directory, like Node's `Dirent`. */
export class Entry extends Kind {
  readonly name: string;
  /** The directory as it was named. */
  readonly parentPath: string;
  readonly #kind: FileKind | undefined;

  /** @internal */
  constructor(name: string, parentPath: string, mode: number) {
    super();
    this.name = name;
    this.parentPath = parentPath;
    this.#kind = kindOfMode(mode);
  }

  /** @internal */
  protected get kind(): FileKind | undefined {
    return this.#kind;
  }
}
