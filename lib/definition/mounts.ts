/** Mounts as a definition holds them, and the functions that make them. */

import { inspect } from 'node:util';
import { contradiction, invalidType, invalidValue, withRemedy } from '../errors/errors.js';
import { isWithin } from '../plan/paths.js';
import { freezeDeep } from '../plan/plan.js';
import { boolean, bytes, hostPath, integer, knownOptions, mountTarget, object } from './checks.js';
import {
  type DirectoryEntry,
  directory,
  type EntryOptions,
  type FileEntry,
  file,
  type SymlinkEntry,
  symlink,
} from './entries.js';
import { type OverlayMount, type OverlayMountOptions, overlay } from './overlay.js';
import { create, type MountSafety, SAFETY, type SafetyOptions, safety, type TargetOptions } from './safety.js';

/** A directory or file of the host, shown in the container. Made by {@link bind}. */
export interface BindMount extends MountSafety, TargetOptions {
  readonly type: 'bind';
  /** An absolute path on the host. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  /** Whether no write goes through. */
  readonly readonly: boolean;
  /** Whether mounts below the source come along. */
  readonly recursive: boolean;
  /** Whether carrel leaves it out where there is no source. */
  readonly optional: boolean;
  /** Whether the kernel maps owners to those of the container. */
  readonly idmapped: boolean;
  /** Whether a symbolic link on the way to the source is an error. */
  readonly nofollow: boolean;
  /** The directory of the host that the source never leads out of; `undefined`: links may lead anywhere. */
  readonly within?: string;
}

/** An empty file system in memory. Made by {@link tmpfs}. */
export interface TmpfsMount extends MountSafety, TargetOptions {
  readonly type: 'tmpfs';
  /** An absolute path in the container. */
  readonly target: string;
  /** In bytes; `undefined`: the kernel's default, half of the memory. */
  readonly size?: number;
  /** Permissions of its root directory, 0 to 0o7777. */
  readonly mode: number;
}

/** What a container has besides its root. A later one covers what an earlier one shows. */
export type Mount = BindMount | TmpfsMount | OverlayMount | FileEntry | SymlinkEntry | DirectoryEntry;

/** Options of {@link bind}. */
export interface BindOptions extends SafetyOptions, TargetOptions {
  /** No write goes through, nor to mounts below. Default: `false`. */
  readonly readonly?: boolean;
  /** Mounts below the source come along. Default: `true`; an ordinary user cannot leave them behind. */
  readonly recursive?: boolean;
  /** A missing source is no error: carrel leaves the bind out, and the plan says so. Default: `false`. */
  readonly optional?: boolean;
  /**
   * Started by root, the kernel maps owners like those of the root filesystem. With `false` all files belong to nobody
   * inside, and what others may do with them counts. That is for a source that the kernel cannot idmap. Default:
   * `true`.
   */
  readonly idmapped?: boolean;
  /**
   * A symbolic link on the way to the source is an error, `ELOOP`; with `within`, one below that directory. Default:
   * `false`, links are followed.
   */
  readonly nofollow?: boolean;
  /**
   * A directory of the host that the source is in. carrel resolves the source from there. A link or a `..` that leads
   * out is an error, `EXDEV`; the kernel checks that while it resolves. Use it where another container, or a user of
   * yours, can write above the source. Default: none.
   */
  readonly within?: string | URL;
}

/**
 * Shows a directory or file of the host in the container: `mount(bind('/srv/data', '/data', { readonly: true }))`. The
 * kernel maps owners like those of the root file system. Started by root, root in the container is root for these
 * files; started by an ordinary user, it is that user. Set-user-id bits and device files have no effect through a bind.
 *
 * carrel makes a missing target, but not in a tree of yours, neither the root filesystem nor another bind. There a
 * layer in memory covers the nearest directory that exists, and shows all its entries. Writes to these land where they
 * would have landed. The directory itself takes no new entries, nor loses any. Make the target beforehand where that
 * matters, or have carrel make it there for the time with `create: 'host'`.
 *
 * @param source A path on the host. A relative one counts from the working directory.
 * @param target An absolute path in the container.
 * @throws TypeError with `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, naming the argument.
 * @see open_tree(2), move_mount(2), mount_setattr(2); Linux 5.12.
 */
export function bind(source: string | URL, target: string, options: BindOptions = {}): BindMount {
  if (target === undefined && typeof source === 'string' && source.includes(':'))
    throw withRemedy(invalidType('target', 'a string', target), asBind(source));
  object('options', options);
  knownOptions('bind()', options, [
    'readonly',
    'recursive',
    'optional',
    'idmapped',
    'nofollow',
    'within',
    'create',
    ...SAFETY,
  ]);
  const from = hostPath('source', source);
  return freezeDeep({
    type: 'bind',
    source: from,
    target: mountTarget('target', target),
    readonly: boolean('options.readonly', options.readonly ?? false),
    recursive: boolean('options.recursive', options.recursive ?? true),
    optional: boolean('options.optional', options.optional ?? false),
    idmapped: boolean('options.idmapped', options.idmapped ?? true),
    nofollow: boolean('options.nofollow', options.nofollow ?? false),
    ...(options.within === undefined ? {} : { within: around(from, options.within) }),
    ...safety(options),
    ...create(options),
  });
}

/** A bind as other tools have it on their command lines: `source:target:ro`. */
function asBind(words: string): string {
  const [source = '', target, options = ''] = words.split(':');
  const readonly = options.split(',').includes('ro') ? ', { readonly: true }' : '';
  return `bind(${inspect(source)}, ${target === undefined ? 'target' : inspect(target)}${readonly})`;
}

/** The directory that a source is in, without a slash at its end. */
function around(source: string, value: unknown): string {
  const directory = hostPath('options.within', value).replace(/(?<=.)\/$/, '');
  if (isWithin(source, directory)) return directory;
  throw contradiction(`bind(): the source ${source} is not in options.within, ${directory}`);
}

/** Options of {@link tmpfs}. */
export interface TmpfsOptions extends SafetyOptions, TargetOptions {
  /**
   * Bytes, or a text such as `'64m'` (1024-based `k`, `m`, `g`, `t`), from 1 on. Default: the kernel's, half of the
   * memory.
   */
  readonly size?: number | string;
  /** Permissions of the root directory, 0 to 0o7777. Default: `0o1777`, as /tmp has. */
  readonly mode?: number;
}

/**
 * Mounts an empty file system in memory: `mount(tmpfs('/scratch', { size: '64m' }))`. All writes there are gone with
 * the container.
 *
 * @param target An absolute path in the container. carrel makes a missing one, as for {@link bind}.
 * @throws TypeError or RangeError with Node's codes, naming the argument.
 * @see tmpfs(5)
 */
export function tmpfs(target: string, options: TmpfsOptions = {}): TmpfsMount {
  object('options', options);
  knownOptions('tmpfs()', options, ['size', 'mode', 'create', ...SAFETY]);
  const mode = options.mode ?? 0o1777;
  return freezeDeep({
    type: 'tmpfs',
    target: mountTarget('target', target),
    mode: integer('options.mode', mode, 0, 0o7777),
    ...(options.size === undefined ? {} : { size: bytes('options.size', options.size) }),
    ...safety(options),
    ...create(options),
  });
}

export function checkMount(name: string, value: unknown): Mount {
  if (typeof value === 'string')
    throw withRemedy(invalidType(name, 'made by bind() or its like', value), `mount(${asBind(value)})`);
  object(name, value);
  const { type, target, ...options } = value as Record<string, unknown>;
  const at = target as string;
  switch (type) {
    case 'tmpfs':
      return tmpfs(at, options as TmpfsOptions);
    case 'bind': {
      const { source, ...rest } = options;
      return bind(source as string, at, rest as BindOptions);
    }
    case 'overlay':
      return overlay(at, options as unknown as OverlayMountOptions);
    case 'file': {
      const { content, ...rest } = options;
      return file(at, content as string, rest as EntryOptions);
    }
    case 'symlink': {
      const { text, ...rest } = options;
      knownOptions(`${name} (symlink)`, rest, []);
      return symlink(at, text as string);
    }
    case 'directory':
      return directory(at, options as EntryOptions);
    default:
      throw invalidValue(
        `${name}.type`,
        '"bind", "tmpfs", "overlay", "file", "symlink" or "directory"; use bind(), tmpfs(), overlay(), file(), ' +
          'symlink() and directory() to make mounts',
        type,
      );
  }
}
