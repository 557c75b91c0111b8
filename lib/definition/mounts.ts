/** Mounts as a definition holds them, and the functions that make them. */

import { invalidValue } from '../errors.js';
import { freezeDeep } from '../plan/plan.js';
import { boolean, bytes, containerPath, hostPath, integer, knownOptions, object } from './checks.js';

/** A directory or file of the host, shown in the container. Made by {@link bind}. */
export interface BindMount {
  readonly type: 'bind';
  /** An absolute path on the host. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  readonly readonly: boolean;
  /** Whether mounts below the source come along. */
  readonly recursive: boolean;
}

/** An empty file system in memory. Made by {@link tmpfs}. */
export interface TmpfsMount {
  readonly type: 'tmpfs';
  /** An absolute path in the container. */
  readonly target: string;
  /** In bytes; `undefined`: the kernel's default, half of the memory. */
  readonly size?: number;
  /** Permissions of its root directory. */
  readonly mode: number;
}

export type Mount = BindMount | TmpfsMount;

/** Options of {@link bind}. */
export interface BindOptions {
  /** No write goes through, to mounts below neither. Default: `false`. */
  readonly readonly?: boolean;
  /** Mounts below the source come along. Default: `true`; an ordinary user cannot leave them behind. */
  readonly recursive?: boolean;
}

/**
 * Shows a directory or file of the host in the container: `mount(bind('/srv/data', '/data', { readonly: true }))`.
 *
 * Owners are mapped like those of the root file system: started by root, root in the container is root for the files
 * shown; started by an ordinary user, that user. Set-user-id bits and device files have no effect through it.
 * A missing target is made only where carrel's own file systems are; it is an error in a root file system of yours.
 *
 * @param source A path on the host. A relative one counts from the working directory.
 * @param target An absolute path in the container.
 * @throws TypeError with `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, naming the argument.
 * @see open_tree(2), move_mount(2), mount_setattr(2); Linux 5.12.
 */
export function bind(source: string | URL, target: string, options: BindOptions = {}): BindMount {
  object('options', options);
  knownOptions('bind()', options, ['readonly', 'recursive']);
  return freezeDeep({
    type: 'bind',
    source: hostPath('source', source),
    target: mountTarget('target', target),
    readonly: boolean('options.readonly', options.readonly ?? false),
    recursive: boolean('options.recursive', options.recursive ?? true),
  });
}

/** Options of {@link tmpfs}. */
export interface TmpfsOptions {
  /** Bytes, or a text such as `'64m'` (1024-based `k`, `m`, `g`). Default: the kernel's, half of the memory. */
  readonly size?: number | string;
  /** Permissions of the root directory. Default: `0o1777`, as /tmp has. */
  readonly mode?: number;
}

/**
 * Mounts an empty file system in memory: `mount(tmpfs('/scratch', { size: '64m' }))`. What is written there is gone with the container.
 *
 * @param target An absolute path in the container.
 * @throws TypeError or RangeError with Node's codes, naming the argument.
 * @see tmpfs(5)
 */
export function tmpfs(target: string, options: TmpfsOptions = {}): TmpfsMount {
  object('options', options);
  knownOptions('tmpfs()', options, ['size', 'mode']);
  const mode = options.mode ?? 0o1777;
  return freezeDeep({
    type: 'tmpfs',
    target: mountTarget('target', target),
    mode: integer('options.mode', mode, 0, 0o7777),
    ...(options.size === undefined ? {} : { size: bytes('options.size', options.size) }),
  });
}

export function checkMount(name: string, value: unknown): Mount {
  object(name, value);
  const { type, target, ...options } = value as Record<string, unknown>;
  if (type === 'tmpfs') return tmpfs(target as string, options as TmpfsOptions);
  if (type !== 'bind')
    throw invalidValue(`${name}.type`, '"bind" or "tmpfs"; use bind() and tmpfs() to make mounts', type);
  const { source, ...rest } = options;
  return bind(source as string, target as string, rest as BindOptions);
}

function mountTarget(name: string, value: unknown): string {
  const path = containerPath(name, value);
  if (path === '/') throw invalidValue(name, 'below "/": use rootfs() for the root', value);
  // Whoever covers /proc takes from every program, and from carrel, what the kernel says there. CVE-2019-16884
  if (path === '/proc' || path.startsWith('/proc/') || path === '/sys' || path.startsWith('/sys/')) {
    throw invalidValue(name, 'outside of /proc and /sys', value);
  }
  return path;
}
