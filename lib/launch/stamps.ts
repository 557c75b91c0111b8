/**
 * Looks at files, and tells whether they are those of the last time, unchanged: then what was read of them is true
 * still. One call looks at all of them. It waits for nobody: what the kernel cannot tell by itself, because a process
 * or another machine serves the file system, counts as changed.
 */

import { constants, readFileSync } from 'node:fs';
import { native } from './native.js';

/** What is looked at. */
export interface Look {
  /** Of the host, or from the base, as it stands before it in the list. */
  readonly path: string;
  readonly from: 'host' | 'base';
  /** A directory, from which what follows is looked up. */
  readonly isBase?: boolean;
  /** `'last'`: the path leads to a link itself. `'none'`: where a link is on the way, it counts as changed. */
  readonly links?: 'followed' | 'last' | 'none';
  /** Where a mount is on the way, it counts as changed. */
  readonly isOneMount?: boolean;
  /** Whether it matters what it holds. Otherwise it matters which file it is. */
  readonly hasContent?: boolean;
}

const RESOLVE_NO_XDEV = 0x1;
const RESOLVE_NO_MAGICLINKS = 0x2;
const RESOLVE_NO_SYMLINKS = 0x4;
const RESOLVE_BENEATH = 0x8;
/** Only by what the kernel knows; otherwise it is EAGAIN. Since Linux 5.12. */
const RESOLVE_CACHED = 0x20;
/** As addon/stamps.c has them. */
const KIND = { base: 1, below: 2, times: 4 } as const;
const HEAD = 16;
const STAMP = 64;
const AT = { error: 0, device: 8, mount: 24, modified: 48, changed: 56 } as const;
const ENOENT = -2n;
const EAGAIN = -11n;
const ENOTDIR = -20n;

/**
 * How old the last change has to be. The next one then has another time for certain: file systems count in steps of up
 * to two seconds.
 */
const SETTLED_MS = 2500;
/** File systems without a block device whose changes this kernel knows, because it makes all of them. */
const LOCAL = ['bcachefs', 'btrfs', 'cgroup', 'cgroup2', 'overlay', 'ramfs', 'tmpfs', 'zfs'];

export class Stamps {
  readonly #looks: Buffer;
  /** Those of them that lead to one file system, and nowhere else. */
  readonly #inner: Buffer;
  readonly #withContent: readonly number[];
  /** What was there when it was kept. */
  #was: Buffer | undefined;
  #now: Buffer;
  #lookedMs = 0;

  constructor(looks: readonly Look[]) {
    this.#looks = Buffer.concat(looks.map((look) => encodeLook(look, RESOLVE_CACHED)));
    const inner = looks.filter(({ isBase, isOneMount }) => isBase === true || isOneMount === true);
    this.#inner = Buffer.concat(inner.map((look) => encodeLook(look, look.isBase === true ? RESOLVE_CACHED : 0)));
    this.#withContent = looks.flatMap(({ hasContent }, index) => (hasContent === true ? [STAMP * index] : []));
    this.#now = Buffer.alloc(STAMP * looks.length);
  }

  /** Looks, and gives whether all is as it was when it was kept. */
  look(): boolean {
    if (this.#looks.length === 0) return true;
    this.#lookedMs = Date.now();
    native().stamps(this.#looks, this.#now);
    return this.#was?.equals(this.#now) === true;
  }

  /**
   * Keeps what was there at the last look, if any change from then on shows. What was read after that look counts with
   * it. Otherwise it gives `false`, and all counts as changed the next time.
   */
  keep(): boolean {
    const now = this.#now;
    this.#was = undefined;
    if (isUnknown(now)) this.#learn();
    if (!isCertain(now) || this.#withContent.some((at) => !this.#isSettled(at))) return false;
    this.#was = now;
    this.#now = Buffer.alloc(now.length);
    return true;
  }

  /**
   * Has the kernel look up what it does not know yet, on file systems that are its own: there it waits for nobody. It
   * knows the answer at the next look.
   */
  #learn(): void {
    const found = Buffer.alloc(this.#now.length);
    if (isCertain(this.#now, EAGAIN)) native().stamps(this.#inner, found);
  }

  #isSettled(at: number): boolean {
    const latest = Math.max(...[AT.modified, AT.changed].map((field) => Number(this.#now.readBigInt64LE(at + field))));
    return latest / 1e6 < this.#lookedMs - SETTLED_MS;
  }
}

function encodeLook({ path, from, isBase = false, links = 'followed', ...look }: Look, resolve: number): Buffer {
  const size = (HEAD + Buffer.byteLength(path) + 8) & ~7;
  const bytes = Buffer.alloc(size);
  const below = from === 'base';
  bytes.writeUInt32LE(
    resolve |
      (links === 'none' ? RESOLVE_NO_SYMLINKS : 0) |
      (below ? RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS : 0) |
      (look.isOneMount === true ? RESOLVE_NO_XDEV : 0),
    0,
  );
  bytes.writeUInt32LE((isBase ? constants.O_DIRECTORY : 0) | (links === 'last' ? constants.O_NOFOLLOW : 0), 4);
  bytes.writeUInt32LE(
    (isBase ? KIND.base : 0) | (below ? KIND.below : 0) | (look.hasContent === true ? KIND.times : 0),
    8,
  );
  bytes.writeUInt32LE(size, 12);
  bytes.write(path, HEAD);
  return bytes;
}

function isUnknown(stamps: Buffer): boolean {
  for (let at = 0; at < stamps.length; at += STAMP) if (stamps.readBigInt64LE(at + AT.error) === EAGAIN) return true;
  return false;
}

/** Whether each look gave a file of this kernel's own, or that there is none; or `otherwise`. */
function isCertain(stamps: Buffer, otherwise = ENOENT): boolean {
  const mounts = new Set<bigint>();
  for (let at = 0; at < stamps.length; at += STAMP) {
    const error = stamps.readBigInt64LE(at + AT.error);
    if (error !== 0n && error !== ENOENT && error !== ENOTDIR && error !== otherwise) return false;
    const hasBlockDevice = stamps.readBigUInt64LE(at + AT.device) >> 32n !== 0n;
    if (error === 0n && !hasBlockDevice) mounts.add(stamps.readBigUInt64LE(at + AT.mount));
  }
  return mounts.size === 0 || areLocal(mounts);
}

/** proc_pid_mountinfo(5) */
function areLocal(mounts: ReadonlySet<bigint>): boolean {
  const types = new Map<string, string>();
  for (const line of readFileSync('/proc/self/mountinfo', 'latin1').split('\n')) {
    const [head = '', tail = ''] = line.split(' - ', 2);
    types.set(head.split(' ', 1)[0] ?? '', tail.split(' ', 1)[0] ?? '');
  }
  return [...mounts].every((mount) => LOCAL.includes(types.get(String(mount)) ?? ''));
}
