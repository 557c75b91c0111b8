/**
 * Reads what a container's users are called, from the root filesystem that it will have. Its author may be
 * hostile: nothing is opened but a regular file inside of it, nothing is waited for, and no more is read than is
 * bearable.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { layersOf } from '../compile/layers.js';
import { OWN_GROUP, OWN_PASSWD, type Users } from '../compile/users.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { Overlay } from '../definition/overlay.js';
import { isNamed, type NamedUser, type User } from '../definition/user.js';
import { native } from '../launch/native.js';
import { isWithin } from '../plan/paths.js';
import { openat2, type ResolveFlag } from '../syscalls/open.js';

/** Of each file; a system with 10,000 users has about one. */
const SIZE_MOST = 4 * 1024 * 1024;
/** Of a path, where something is renamed all the time. */
const TRIES = 512;
const NONE: Users = Object.freeze({});
export const FILES = { passwd: '/etc/passwd', group: '/etc/group' } as const;

/** In which files it stands who a user is. */
export interface UserFiles {
  /** The directories that the root filesystem is made of; what lies on top comes first. */
  readonly layers: readonly string[];
  readonly names: readonly (keyof typeof FILES)[];
  /** Where something is to be mounted. It may cover the files. */
  readonly targets: readonly string[];
}

/** What is needed to tell who `user` is: nothing for root by its number. */
export function usersAskedFor(definition: ContainerDefinition, user: User | NamedUser): Users | UserFiles {
  const named = isNamed(user);
  if (!named && user.uid === 0) return NONE;
  const { namespaces, rootfs, mounts } = definition;
  const names = named ? (['passwd', 'group'] as const) : (['passwd'] as const);
  if (!namespaces.includes('mount')) {
    const joined = namespaces.some((entry) => typeof entry !== 'string' && entry.type === 'mount');
    return joined
      ? { problem: 'its files are those of the mount namespace that it joins' }
      : { layers: ['/'], names, targets: [] };
  }
  const targets = mounts.map(({ target }) => target);
  if (rootfs !== undefined) return { layers: layersOf(rootfs), names, targets };
  const cover = targets.find((target) => isWithin('/etc/passwd', target) || isWithin('/etc/group', target));
  if (cover !== undefined) return { problem: `a mount is to cover ${cover}` };
  return { passwd: OWN_PASSWD.join('\n'), group: OWN_GROUP.join('\n') };
}

/** What stands there. */
export function readUsers(asked: Users | UserFiles): Users {
  return 'layers' in asked ? read(asked) : asked;
}

/**
 * The text of a file of a root filesystem, or of the host's; `undefined` where there is none.
 *
 * @throws Where it is no regular file, is larger than `most` bytes, or cannot be read.
 */
export function readInRoot(rootfs: string | Overlay | undefined, path: string, most: number): string | undefined {
  return withLayers(rootfs === undefined ? ['/'] : layersOf(rootfs), (layers) => find(layers, path, [], most));
}

/** A directory that the root filesystem is made of. */
interface Layer {
  readonly descriptor: number;
  /** What is mounted below it may be anybody's, but for the host's own root. */
  readonly resolve: readonly ResolveFlag[];
}

function openLayer(path: string): Layer {
  const descriptor = openat2(path, { flags: ['path', 'directory'] });
  return { descriptor, resolve: ['inRoot', 'noMagiclinks', ...(path === '/' ? [] : (['noXdev'] as const))] };
}

function read({ layers: paths, names, targets }: UserFiles): Users {
  try {
    return withLayers(paths, (layers) => {
      const covers = [...targets, ...layers.flatMap((layer) => targets.flatMap((target) => placeOf(layer, target)))];
      const passwd = find(layers, FILES.passwd, covers, SIZE_MOST);
      const group = names.includes('group') ? find(layers, FILES.group, covers, SIZE_MOST) : undefined;
      return { ...(passwd === undefined ? {} : { passwd }), ...(group === undefined ? {} : { group }) };
    });
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function withLayers<Result>(paths: readonly string[], use: (layers: readonly Layer[]) => Result): Result {
  const layers: Layer[] = [];
  try {
    for (const path of paths) layers.push(openLayer(path));
    const served = layers.findIndex(({ descriptor }) => isServed(descriptor));
    if (served >= 0) throw new Error(`${paths[served]} is on FUSE, and who serves it may never answer`);
    return use(layers);
  } finally {
    for (const { descriptor } of layers) native().close(descriptor);
  }
}

function find(layers: readonly Layer[], path: string, covers: readonly string[], most: number): string | undefined {
  const [first, ...others] = layers;
  return first !== undefined && others.length === 0
    ? readFile(first, path, covers, most)
    : readLayered(layers, path, covers, most);
}

/**
 * The topmost layer that has it has it, unless one above has something else in its place. Links are not followed: they
 * may lead from one layer into another, which is for the kernel to put together. That a directory hides those below it
 * (overlayfs calls it opaque) is not seen here: a user of a layer below it could then be found who is in no file
 * inside.
 */
function readLayered(
  layers: readonly Layer[],
  path: string,
  covers: readonly string[],
  most: number,
): string | undefined {
  for (const layer of layers) {
    const directory = open(layer, posix.dirname(path), 'noSymlinks');
    if (directory === undefined) continue;
    const hides = !fstatSync(directory).isDirectory();
    native().close(directory);
    if (hides) return undefined;
    const place = open(layer, path, 'noSymlinks');
    if (place === undefined) continue;
    const stat = fstatSync(place);
    native().close(place);
    // A whiteout: the file was deleted. overlayfs
    if (stat.isCharacterDevice() && stat.rdev === 0) return undefined;
    return readFile(layer, path, covers, most);
  }
  return undefined;
}

/** The file's text; `undefined` where there is none. */
function readFile(layer: Layer, path: string, covers: readonly string[], most: number): string | undefined {
  const place = open(layer, path);
  if (place === undefined) return undefined;
  try {
    // Looked at before it is opened: to open a device or a FIFO is an act.
    const { size } = checkFile(place, path);
    if (covers.length > 0 && covers.some((target) => isWithin(relativeTo(layer, place), target)))
      throw new Error(`a mount is to cover ${path}`);
    if (size > most) throw new Error(`${path} is larger than ${most} bytes`);
    const file = openNow(place, path);
    try {
      return text(file, path, size);
    } finally {
      closeSync(file);
    }
  } finally {
    native().close(place);
  }
}

function checkFile(descriptor: number, path: string): { readonly size: number } {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw new Error(`${path} is no regular file`);
  return stat;
}

/**
 * Without waiting for who holds a lease on it: that would take this thread up to 45 seconds. fcntl(2) F_SETLEASE,
 * /proc/sys/fs/lease-break-time
 */
function openNow(place: number, path: string): number {
  try {
    return openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === 'EAGAIN' ? `a process holds a lease on ${path}` : `${path} cannot be read: ${code}`);
  }
}

/**
 * Whether a process serves the file system: who reads there may wait for ever, and cannot even be killed meanwhile.
 * What is on a block device is the kernel's, which saves a look at all mounts; others have the major number 0. fuse(4)
 */
function isServed(place: number): boolean {
  const { dev } = fstatSync(place);
  if (((dev >>> 8) & 0xfff) !== 0) return false;
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${place}`, 'latin1'))?.[1];
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
  const line = new RegExp(`^${id} .* - (\\S+) `, 'm').exec(mounts);
  return line === null || /^fuse(\.|$)/.test(line[1] ?? '');
}

/** It may grow meanwhile: then nobody knows what it says. */
function text(file: number, path: string, size: number): string {
  const bytes = Buffer.allocUnsafe(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(file, bytes, length, bytes.length - length, length);
    length += count;
    if (length > size) throw new Error(`${path} grows while it is read`);
    if (count === 0) return bytes.toString('utf8', 0, length);
  }
}

/** Where a mount's target really is, if it is there already. Behind another mount it covers nothing of this one. */
function placeOf(layer: Layer, target: string): readonly string[] {
  let place: number | undefined;
  try {
    place = open(layer, target);
  } catch (error) {
    if (error instanceof Elsewhere) return [];
    throw error;
  }
  if (place === undefined) return [];
  try {
    return [relativeTo(layer, place)];
  } finally {
    native().close(place);
  }
}

/** The path of an open file, as it will be inside. */
function relativeTo({ descriptor: directory }: Layer, place: number): string {
  const [root, path] = [directory, place].map((descriptor) => readlinkSync(`/proc/self/fd/${descriptor}`));
  return root === '/' ? (path ?? '') : (path ?? '').slice((root ?? '').length) || '/';
}

/** A path leads into a file system that is mounted below the root filesystem. */
class Elsewhere extends Error {}

/**
 * Resolved as it will be inside: links lead nowhere but in the root, and never through /proc's magic ones. openat2(2)
 */
function open({ descriptor, resolve }: Layer, path: string, ...more: readonly ResolveFlag[]): number | undefined {
  for (let tries = 1; ; tries += 1) {
    try {
      return openat2({ dirfd: descriptor, path }, { flags: ['path'], resolve: [...resolve, ...more] });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'EXDEV') throw new Elsewhere(`another file system is mounted on the way to ${path}`);
      // Something was renamed meanwhile, and the kernel could not be sure of "..". Who renames may be the container.
      if (code !== 'EAGAIN' || tries === TRIES) throw error;
    }
  }
}
