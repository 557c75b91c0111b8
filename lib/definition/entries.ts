/** Files, links and directories that a container has besides its root filesystem. */

import { invalidType, invalidValue, outOfRange } from '../errors/errors.js';
import { freezeDeep } from '../plan/plan.js';
import { array, integer, knownOptions, mountTarget, object, text } from './checks.js';

const FILE_MODE = 0o644;
/** What a plan may hold, less what else is in it. */
const FILES_MOST = 60 * 1024 * 1024;

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
 * an error. Among the `files` of one command it is otherwise: {@link SpawnOptions.files}.
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
    mode: modeOf('file()', options, FILE_MODE),
  });
}

/** A file that a command finds, checked. */
interface CheckedFile {
  readonly target: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/**
 * Files for one command, with copies of what they hold.
 *
 * @throws TypeError or RangeError naming the part, such as `files[1].target`.
 */
export function checkFiles(name: string, value: unknown): readonly CheckedFile[] {
  const files = array(name, value).map((one, index) => checkFile(`${name}[${index}]`, one));
  const size = files.reduce((sum, { content }) => sum + content.length, 0);
  if (size > FILES_MOST) throw outOfRange(name, `up to ${FILES_MOST} bytes together`, size);
  return files;
}

function checkFile(name: string, value: unknown): CheckedFile {
  if (value === null || typeof value !== 'object') throw invalidType(name, 'made by file()', value);
  knownOptions(name, value, ['type', 'target', 'content', 'mode']);
  const { type, target, content, mode = FILE_MODE } = value as Readonly<Record<string, unknown>>;
  if (type !== 'file') throw invalidValue(`${name}.type`, '"file": use file() to make it', type);
  if (typeof content !== 'string' && !(content instanceof Uint8Array))
    throw invalidType(`${name}.content`, 'a string or a Uint8Array', content);
  return {
    target: mountTarget(`${name}.target`, target),
    mode: integer(`${name}.mode`, mode, 0, 0o7777),
    content: typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content),
  };
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
