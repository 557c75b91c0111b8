/** Files, links and directories that a container has besides its root filesystem. */

import { invalidType, invalidValue } from '../errors/errors.js';
import { freezeDeep } from '../plan/plan.js';
import { integer, knownOptions, mountTarget, object, text } from './checks.js';

/** A file with content of the caller's. Made by {@link file}. */
export interface FileEntry {
  readonly type: 'file';
  /** An absolute path in the container. */
  readonly target: string;
  /** Bytes, or a text that becomes UTF-8. */
  readonly content: string | Uint8Array;
  /** Permissions, 0 to 0o7777. */
  readonly mode: number;
}

/** A symbolic link. Made by {@link symlink}. */
export interface SymlinkEntry {
  readonly type: 'symlink';
  /** An absolute path in the container. */
  readonly target: string;
  /** What the link says. */
  readonly text: string;
}

/** A directory. Made by {@link directory}. */
export interface DirectoryEntry {
  readonly type: 'directory';
  /** An absolute path in the container. */
  readonly target: string;
  /** Permissions, 0 to 0o7777. */
  readonly mode: number;
}

/** Options of {@link file} and {@link directory}. */
export interface EntryOptions {
  /** Permissions, 0 to 0o7777, whatever the umask. Default: `0o644` for a file, `0o755` for a directory. */
  readonly mode?: number;
}

/**
 * Makes a file with this content: `mount(file('/etc/app.conf', 'port = 80\n'))`. It is in memory, never in a tree of
 * yours, and belongs to root inside. It covers an existing file, which nobody can write to then. A directory there is
 * an error.
 *
 * @param target An absolute path in the container. carrel makes missing directories above it, as for {@link bind}.
 * @param content Bytes, or a text, which becomes UTF-8. Up to what a plan may hold, 64 MiB.
 * @throws TypeError or RangeError with Node's codes, naming the argument.
 */
export function file(target: string, content: string | Uint8Array, options: EntryOptions = {}): FileEntry {
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
    throw invalidType('content', 'a string or a Uint8Array', content);
  }
  // A copy: what is in a definition does not change.
  const own = typeof content === 'string' ? content : new Uint8Array(content);
  return freezeDeep({
    type: 'file',
    target: mountTarget('target', target),
    content: own,
    mode: modeOf('file()', options, 0o644),
  });
}

/**
 * Makes a symbolic link: `mount(symlink('/usr/bin/python', 'python3'))`. It is in memory, never in a tree of yours. It
 * replaces a file or a link of that name. A directory there, or a mount, is an error where it is one of the container's
 * own.
 *
 * @param target An absolute path in the container. carrel makes missing directories above it, as for {@link bind}.
 * @param says What the link says. The kernel resolves it inside, and it may lead nowhere.
 * @throws TypeError with Node's codes, naming the argument.
 */
export function symlink(target: string, says: string): SymlinkEntry {
  const said = text('text', says);
  if (said === '' || Buffer.byteLength(said) > 4095) throw invalidValue('text', '1 to 4,095 bytes', says);
  return freezeDeep({ type: 'symlink', target: mountTarget('target', target), text: said });
}

/**
 * Makes a directory, with those above it: `mount(directory('/var/lib/app', { mode: 0o700 }))`. An existing one stays as
 * it is. A missing one is in memory, never in a tree of yours; what is around it in such a tree takes no new entries
 * then. For writes, a {@link tmpfs} is better.
 *
 * @param target An absolute path in the container.
 * @throws TypeError or RangeError with Node's codes, naming the argument.
 */
export function directory(target: string, options: EntryOptions = {}): DirectoryEntry {
  return freezeDeep({
    type: 'directory',
    target: mountTarget('target', target),
    mode: modeOf('directory()', options, 0o755),
  });
}

function modeOf(where: string, options: EntryOptions, otherwise: number): number {
  object('options', options);
  knownOptions(where, options, ['mode']);
  return integer('options.mode', options.mode ?? otherwise, 0, 0o7777);
}
