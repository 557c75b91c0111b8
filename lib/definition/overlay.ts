/** Directories laid over each other, as a root filesystem or as a mount. */

import { contradiction, invalidType, invalidValue, outOfRange } from '../errors/errors.js';
import { isWithin } from '../plan/paths.js';
import { freezeDeep } from '../plan/plan.js';
import { bytes, hostPath, knownOptions, mountTarget, object } from './checks.js';
import { create, type MountSafety, SAFETY, type SafetyOptions, safety, type TargetOptions } from './safety.js';

/** Directories laid over each other. Made by {@link overlay}. */
export interface Overlay {
  readonly type: 'overlay';
  /** Absolute paths on the host, the topmost first. */
  readonly lower: readonly string[];
  /** An absolute path on the host; `undefined`: writes go to memory. */
  readonly upper?: string;
  /** An absolute path on the host, where there is `upper`. */
  readonly work?: string;
  /** The most that is written to memory, in bytes; `undefined`: the kernel's default, half of the memory. */
  readonly size?: number;
  /** Directories of snapshots that `lower` begins with the files of, the newest first. */
  readonly snapshots?: readonly string[];
}

/** Options of {@link overlay}. */
export interface OverlayOptions {
  /** One to 120 directories of the host, the topmost first. Nothing ever changes in them. */
  readonly lower: string | URL | readonly (string | URL)[];
  /**
   * A directory of the host that takes all writes. Default: none, writes go to memory and are gone with the container.
   */
  readonly upper?: string | URL;
  /** An empty directory on the same mount as `upper`, for overlayfs itself; not without `upper`, which needs it. */
  readonly work?: string | URL;
  /**
   * The most that is written where writes go to memory: bytes, or a text such as `'64m'`, from 1 on. Not with `upper`.
   * Default: the kernel's, half of the memory.
   */
  readonly size?: number | string;
  /**
   * Directories of snapshots that `lower` begins with the files of: {@link Snapshot.container} has them. The container
   * keeps these from being removed while it lives. The overlay's own directory has the owner and the permissions of the
   * first of `lower`. Not with `upper`. Default: none.
   */
  readonly snapshots?: readonly (string | URL)[];
}

const LOWER_MOST = 120;
const LAYERS = ['lower', 'upper', 'work', 'size', 'snapshots'] as const;

/** Directories laid over each other at a place in the container. Made by {@link overlay}. */
export interface OverlayMount extends Overlay, MountSafety, TargetOptions {
  /** An absolute path in the container. */
  readonly target: string;
}

/** Options of {@link overlay} with a target. */
export interface OverlayMountOptions extends OverlayOptions, SafetyOptions, TargetOptions {}

/**
 * Lays directories over each other: `rootfs(overlay({ lower: ['/srv/app', '/srv/base'] }))` as a root filesystem,
 * `mount(overlay('/repo', { lower: '/srv/checkout' }))` at any place. Of a name that several have, the container sees
 * the first. Its writes go to `upper`, or to memory: then they are gone with the container, and the directories stay as
 * they are.
 *
 * The kernel maps owners like those of any root filesystem. In a container with a user namespace overlayfs keeps its
 * notes in extended attributes `user.overlay.*` of `upper`, not `trusted.overlay.*`. So it understands whiteouts of
 * layers that Docker unpacked, but not its opaque directories.
 *
 * Before Linux 6.6 memory has no such attributes: `rm -r` of a lower directory would fail with `EIO`. So a start with a
 * user namespace and without an `upper` is refused there, a {@link StepError}: give an `upper` and a `work` on disk.
 * Mounts below a lower directory are an error: overlayfs would not show them.
 *
 * @throws TypeError or RangeError with Node's codes, naming the option. The start throws where something is mounted
 *   below a `lower`, where `upper` is on overlayfs, and where `work` is on another mount than `upper`.
 * @see overlayfs of the kernel's documentation; for ordinary users Linux 5.11, started by root with a user namespace
 *   Linux 5.19.
 */
export function overlay(options: OverlayOptions): Overlay;
/**
 * The same at a place in the container, as a mount. At `/` it is what carrel's own root begins with, the one that a
 * container without `rootfs()` has: the host's programs are bound over it.
 *
 * @param target An absolute path in the container. carrel makes a missing one, as for {@link bind}. Set-user-id bits
 *   and device files have no effect there, unless `nosuid` and `nodev` are `false`.
 * @throws As the other form, and a TypeError naming `target`.
 */
export function overlay(target: string, options: OverlayMountOptions): OverlayMount;
export function overlay(first: string | OverlayOptions, options?: OverlayMountOptions): Overlay | OverlayMount {
  if (typeof first !== 'string') {
    object('options', first);
    return checked('options', first);
  }
  object('options', options);
  const { nosuid, nodev, noexec, create: _, ...layers } = options as OverlayMountOptions;
  knownOptions('overlay()', layers, [...LAYERS, 'create', ...SAFETY]);
  return freezeDeep({
    ...checked('options', layers),
    target: first === '/' ? first : mountTarget('target', first),
    ...safety(options as SafetyOptions),
    ...create(options as TargetOptions),
  });
}

export function checkOverlay(name: string, value: unknown): Overlay {
  object(name, value);
  const { type, ...options } = value as Record<string, unknown>;
  if (type !== 'overlay') throw invalidValue(`${name}.type`, '"overlay"; use overlay() to make one', type);
  return checked(name, options as unknown as OverlayOptions);
}

function checked(name: string, options: OverlayOptions): Overlay {
  knownOptions(name === 'options' ? 'overlay()' : name, options, LAYERS);
  const { lower, upper, work, size, snapshots } = options;
  const given: readonly unknown[] = Array.isArray(lower) ? lower : [lower];
  if (given.length < 1 || given.length > LOWER_MOST) {
    throw outOfRange(`${name}.lower`, `a list of 1 to ${LOWER_MOST} directories`, given.length);
  }
  const layers = given.map((path, index) =>
    hostDirectory(Array.isArray(lower) ? `${name}.lower[${index}]` : `${name}.lower`, path),
  );
  if (upper === undefined) {
    if (work !== undefined) throw contradiction(`${name}.work is of use with ${name}.upper only`);
    return freezeDeep({
      type: 'overlay',
      lower: layers,
      ...(size === undefined ? {} : { size: bytes(`${name}.size`, size) }),
      ...(snapshots === undefined ? {} : { snapshots: directories(`${name}.snapshots`, snapshots) }),
    });
  }
  for (const [option, value] of Object.entries({ size, snapshots })) {
    if (value !== undefined) throw contradiction(`${name}.${option} is of use without ${name}.upper only`);
  }
  if (work === undefined) {
    throw invalidValue(`${name}.work`, `an empty directory on the same mount as ${name}.upper, which needs it`, work);
  }
  const made: Overlay = {
    type: 'overlay',
    lower: layers,
    upper: hostDirectory(`${name}.upper`, upper),
    work: hostDirectory(`${name}.work`, work),
  };
  checkApart(made);
  return freezeDeep(made);
}

function directories(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw invalidType(name, 'a list of directories', value);
  return value.map((path, index) => hostDirectory(`${name}[${index}]`, path));
}

function hostDirectory(name: string, value: unknown): string {
  return hostPath(name, value).replace(/(?<=.)\/$/, '');
}

/** The kernel refuses layers that are part of each other: writes to one would show in the other. */
function checkApart({ lower, upper = '', work = '' }: Overlay): void {
  const named = [...lower.map((path) => ['lower', path] as const), ['upper', upper] as const];
  for (const [option, path] of [
    ['upper', upper],
    ['work', work],
  ] as const) {
    const other = named.find(
      ([name, directory]) => name !== option && (isWithin(path, directory) || isWithin(directory, path)),
    );
    if (other === undefined) continue;
    throw contradiction(`overlay(): ${option} ${path} and ${other[0]} ${other[1]} must not be part of each other`);
  }
}
