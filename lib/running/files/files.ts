/** The files of a running container, in the manner of `node:fs/promises`. */

import type { Readable } from 'node:stream';
import type { Served } from '../../compile/serve.js';
import { type Identity, identify } from '../../compile/users.js';
import { checkUser, type NamedUser, type User, type UserInput } from '../../definition/user.js';
import { access, chmod, chown, readlink, rename, stat, symlink, utimes } from './changes.js';
import { pack, unpack } from './copies/archive.js';
import { copyIn, copyOut } from './copies/copy.js';
import { Copying } from './copies/copying.js';
import type { CopyOptions, CopyReport } from './copies/course.js';
import { type MkdirOptions, mkdir, type ReaddirOptions, type RmOptions, readdir, rm } from './directories.js';
import { type ContainerFile, OPEN_MOST, open } from './file.js';
import { type ReadFileOptions, readFile } from './reading.js';
import { Servers, type ServersOptions, serverOf } from './servers.js';
import type { Entry, FileStats } from './stats.js';
import { Stuck } from './stuck.js';
import type { ContainerPath, View } from './view.js';
import { type FileData, type WriteFileOptions, writeFile } from './writing.js';

/** Open files, and those that are written as their content comes. */
const LASTING_MOST = 2 * OPEN_MOST;

/** What a container's files follow from. */
export interface FilesOf {
  readonly served: Served;
  /** Where relative paths count from. */
  readonly cwd: string;
  /** Who a user is, by the container's own files. Left out: users are numbers. */
  readonly identify?: (user: User | NamedUser) => Identity;
  /** Milliseconds that one list of steps has. */
  readonly clockMs?: number;
  /** Servers of the container that were given up. */
  readonly stuck?: Stuck;
}

/**
 * The files of a running container, by the names, arguments and results of `node:fs/promises`. Errors are
 * {@link StepError}s with the `code`, `errno`, `syscall` and `path` of Node's own. It acts as the container's user, and
 * has no other rights. What is no regular file is not opened, nothing is waited for, and all that is read is bounded.
 *
 * A relative path counts from the container's `cwd`. Links are resolved inside, and never lead out. /proc shows the
 * container's processes, but no `self`. A file system that does not answer within ten seconds is `ERR_TIMEOUT`. After
 * the end of the container everything rejects with `ERR_ENDED`.
 */
export class Files {
  readonly #of: FilesOf;
  #made: View | undefined;
  readonly #others = new Map<string, Files>();
  #end: Error | undefined;

  /** @internal */
  constructor(of: FilesOf) {
    this.#of = { stuck: new Stuck(), ...of };
  }

  /** Made when it is first asked for: many containers are asked for no file. */
  get #view(): View {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): View {
    const { served, cwd, clockMs, stuck } = this.#of;
    const { plan, slots } = serverOf(served);
    const servers = (options: ServersOptions = {}): Servers => {
      const made = new Servers(() => plan, { clockMs, stuck, ...options });
      if (this.#end !== undefined) void made.close(this.#end);
      return made;
    };
    const copying = new Copying(served, { clockMs, stuck });
    if (this.#end !== undefined) void copying.close(this.#end);
    const lasting = servers({ lasting: true, most: LASTING_MOST });
    return { brief: servers({ kept: 1 }), long: servers(), lasting, copying, slots, cwd };
  }

  /**
   * The same files as somebody else in the container.
   *
   * @param user As the container's `user()`: numbers, or names of its own /etc/passwd and /etc/group.
   * @throws TypeError for a user that cannot be; `ERR_UNKNOWN_USER`, `ERR_UNKNOWN_GROUP` for one that is not there.
   */
  as(user: UserInput): Files {
    const { identify: who = (one) => identify(one, {}) } = this.#of;
    const { uid, gid, groups } = who(checkUser(user));
    const key = JSON.stringify([uid, gid, groups]);
    let other = this.#others.get(key);
    if (other === undefined) {
      other = new Files({ ...this.#of, served: { ...this.#of.served, user: { uid, gid, groups } } });
      if (this.#end !== undefined) void other.close(this.#end);
      this.#others.set(key, other);
    }
    return other;
  }

  /** Reads a file whole. Throws `ERR_FS_FILE_TOO_LARGE` beyond `maxBytes`, 64 MiB by default. */
  readFile(
    path: ContainerPath,
    options: BufferEncoding | (ReadFileOptions & { readonly encoding: BufferEncoding }),
  ): Promise<string>;
  readFile(path: ContainerPath, options?: (ReadFileOptions & { readonly encoding?: null }) | null): Promise<Buffer>;
  readFile(path: ContainerPath, options?: BufferEncoding | ReadFileOptions | null): Promise<string | Buffer> {
    return readFile(this.#view, path, options);
  }

  /** Writes a file, in place of what it held. */
  writeFile(path: ContainerPath, data: FileData, options?: BufferEncoding | WriteFileOptions): Promise<void> {
    return writeFile(this.#view, path, data, options);
  }

  /** Adds to a file, which is made where it is missing. */
  appendFile(
    path: ContainerPath,
    data: string | Uint8Array,
    options?: BufferEncoding | Omit<WriteFileOptions, 'flag'>,
  ): Promise<void> {
    const given = typeof options === 'string' ? { encoding: options } : options;
    return writeFile(this.#view, path, data, { ...given, flag: 'a' });
  }

  /** Opens a file. Up to 64 are open at a time. */
  open(path: ContainerPath, flags?: string, mode?: number): Promise<ContainerFile> {
    return open(this.#view, path, flags, mode);
  }

  /** Lists a directory, in the order of the names. Throws `ERR_FS_FILE_TOO_LARGE` beyond 1,000,000 entries. */
  readdir(
    path: ContainerPath,
    options?: { readonly encoding?: 'utf8'; readonly withFileTypes?: false },
  ): Promise<string[]>;
  readdir(path: ContainerPath, options: { readonly encoding: 'buffer' }): Promise<Buffer[]>;
  readdir(path: ContainerPath, options: { readonly withFileTypes: true }): Promise<Entry[]>;
  readdir(path: ContainerPath, options?: ReaddirOptions): Promise<string[] | Buffer[] | Entry[]> {
    return readdir(this.#view, path, options);
  }

  /** What is known of a file; of a link, of what it leads to. */
  stat(path: ContainerPath): Promise<FileStats> {
    return stat(this.#view, path, false);
  }

  /** The same of the link itself. */
  lstat(path: ContainerPath): Promise<FileStats> {
    return stat(this.#view, path, true);
  }

  /** Makes a directory. With `recursive` it gives the first that was missing. */
  mkdir(path: ContainerPath, options?: MkdirOptions): Promise<string | undefined> {
    return mkdir(this.#view, path, options);
  }

  /** Removes a file, or with `recursive` a directory. */
  rm(path: ContainerPath, options?: RmOptions): Promise<void> {
    return rm(this.#view, path, options);
  }

  rename(from: ContainerPath, to: ContainerPath): Promise<void> {
    return rename(this.#view, from, to);
  }

  symlink(target: ContainerPath, path: ContainerPath): Promise<void> {
    return symlink(this.#view, target, path);
  }

  readlink(path: ContainerPath): Promise<string> {
    return readlink(this.#view, path);
  }

  chmod(path: ContainerPath, mode: number): Promise<void> {
    return chmod(this.#view, path, mode);
  }

  chown(path: ContainerPath, uid: number, gid: number): Promise<void> {
    return chown(this.#view, path, uid, gid);
  }

  /** Times are seconds, or a Date. */
  utimes(path: ContainerPath, atime: number | Date, mtime: number | Date): Promise<void> {
    return utimes(this.#view, path, atime, mtime);
  }

  /** Rejects where the user may not do what `mode` says: 4 read, 2 write, 1 execute; 0, the default: it is there. */
  access(path: ContainerPath, mode?: number): Promise<void> {
    return access(this.#view, path, mode);
  }

  /** Whether it is there; `false` also where it may not be asked. Rejects with `ERR_ENDED` alone. */
  async exists(path: ContainerPath): Promise<boolean> {
    return access(this.#view, path).then(
      () => true,
      () => {
        if (this.#end !== undefined) throw this.#end;
        return false;
      },
    );
  }

  /**
   * Makes `path` inside what `source` is on the host, as `fs.cp` does: a file becomes that file, and the entries of a
   * directory land in that directory. What is there by their names is replaced. Missing directories are made.
   *
   * Modes and times are kept. Set-id bits and owners are not: all belongs to this user. Links are copied, not followed,
   * `source` itself too. FIFOs, sockets and devices are left out, and listed in `skipped`.
   *
   * @throws StepError; `ERR_FS_FILE_TOO_LARGE`; `ERR_FS_CP_DIR_TO_NON_DIR` and `ERR_FS_CP_NON_DIR_TO_DIR`, as fs.cp.
   */
  copyIn(source: string | URL, path: ContainerPath, options?: CopyOptions): Promise<CopyReport> {
    return copyIn(this.#view, source, path, options);
  }

  /**
   * The other way: `path`, or what a link there leads to inside, becomes `destination` on the host. It belongs to this
   * process’s user. The path of `destination` is the caller’s, and links in it are followed. Below it nothing is
   * written through a link of anybody’s: each entry is made by its name in a directory that is open, and what
   * has that name is removed first. A destination for a directory that is itself a link is refused.
   *
   * Devices, FIFOs, sockets, set-id bits, and links that lead out of the tree are left out, and listed in `skipped`. So
   * is what somebody takes away meanwhile, and a directory whose path in the tree is longer than 4,095 bytes.
   *
   * @throws as `copyIn`.
   */
  copyOut(path: ContainerPath, destination: string | URL, options?: CopyOptions): Promise<CopyReport> {
    return copyOut(this.#view, path, destination, options);
  }

  /**
   * A tar archive of what `path` holds, ustar and PAX: `docker cp` and tar(1) read it. Names count from `path`; of a
   * file it is its own. Links are kept as they are. Times are kept, owners are root. Set-id bits, devices, FIFOs,
   * sockets and paths of more than 4,095 bytes are left out. Bounds are those of `copyOut`. One that is not read to its
   * end is to be destroyed, or aborted: it holds a server.
   *
   * @throws TypeError or RangeError for options that cannot be; all else is the stream's error.
   */
  pack(path: ContainerPath, options?: CopyOptions): Readable {
    return pack(this.#view, path, options);
  }

  /**
   * Unpacks a tar archive below the directory `path`, which is made where it is missing: ustar, PAX, GNU's long names.
   * All belongs to this user, and what is there by an entry's name is replaced. Nothing is written outside of `path`:
   * `..` leads no further up than there, an absolute name counts from there, and no link is followed, but at `/`.
   *
   * Devices, FIFOs, sparse files, set-id bits, names that no file can have, what has a link in its way, and hard links
   * to what is not there are left out, and listed in `skipped` by the names of the archive. The `path` itself keeps its
   * mode and times.
   *
   * @param archive Of bytes, such as a stream; not compressed.
   * @throws `ERR_ARCHIVE_INVALID`; StepError; `ERR_FS_FILE_TOO_LARGE`. What was unpacked before stays.
   */
  unpack(path: ContainerPath, archive: AsyncIterable<Uint8Array>, options?: CopyOptions): Promise<CopyReport> {
    return unpack(this.#view, path, archive, options);
  }

  /** @internal The container has ended: nothing more can be asked. */
  async close(error: Error): Promise<void> {
    this.#end = error;
    const { brief, long, lasting, copying } = this.#made ?? {};
    const made = [brief, long, lasting, copying].filter((one) => one !== undefined);
    await Promise.all([...made, ...this.#others.values()].map((each) => each.close(error)));
  }
}
