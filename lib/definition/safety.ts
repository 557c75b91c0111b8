/** What keeps programs from gaining something by a mount. */

import { boolean } from './checks.js';

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
