/** What bind(), tmpfs() and overlay() have in common: what keeps programs from gaining something, and targets. */

import { boolean, oneOf } from './checks.js';

/** Keeps programs from gaining something by a mount. */
export interface MountSafety {
  /** Set-user-id and set-group-id bits, and capabilities of files, have no effect. */
  readonly nosuid: boolean;
  /** Nobody can open device files. */
  readonly nodev: boolean;
  /** Nobody can execute programs. */
  readonly noexec: boolean;
}

/** Options of {@link bind}, {@link tmpfs} and {@link overlay} at a target. */
export interface SafetyOptions {
  /** Set-user-id bits and capabilities of files have no effect. Default: `true`. */
  readonly nosuid?: boolean;
  /**
   * Nobody can open device files. Default: `true`. With `false` a device of the host's that is bound works, and so do
   * those of a bound directory, as far as their permissions go. Programs can make none there.
   */
  readonly nodev?: boolean;
  /** Nobody can execute programs there. Default: `false`. */
  readonly noexec?: boolean;
}

export const SAFETY = ['nosuid', 'nodev', 'noexec'] as const;

export function safety({ nosuid = true, nodev = true, noexec = false }: SafetyOptions): MountSafety {
  return {
    nosuid: boolean('options.nosuid', nosuid),
    nodev: boolean('options.nodev', nodev),
    noexec: boolean('options.noexec', noexec),
  };
}

/** Options of a mount about its target. */
export interface TargetOptions {
  /**
   * `'host'`: carrel makes a missing target in the directory of the host's that is there, a bound project or a root
   * filesystem. It makes it empty, with what is missing above it. So no layer covers that directory, which takes new
   * entries then. carrel takes it away at the end, if it is still what was made and empty; also where Node is killed.
   * It stays where another container uses it by then, and where the supervisor itself is killed. All mounts below one
   * directory need the option: the layer of another one would cover it. Default: a layer in memory, see {@link bind}.
   */
  readonly create?: 'host';
}

/** The option of that name, if it is there. */
export function create(options: TargetOptions): TargetOptions {
  if (options.create === undefined) return {};
  oneOf('options.create', options.create, ['host']);
  return { create: 'host' };
}
