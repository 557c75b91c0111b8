/** Files of a command that are wanted when it has ended: which, and what becomes of them. */

import { array, bytes, knownOptions, text } from '../definition/checks.js';
import { invalidType, invalidValue } from '../errors/errors.js';

/** A path whose content is wanted, and how much of it at most. */
export interface CollectedPath {
  /** In the container. A relative one counts from the command's directory. */
  readonly path: string;
  /** Bytes, or a text such as `'64m'`; a larger file is not read. Default: `'16m'`. */
  readonly maxBytes?: number | string | undefined;
}

/** What was read. */
export interface Collected {
  /** By the paths of `collect`, as they were given. */
  readonly files: Readonly<Record<string, Buffer>>;
  /**
   * Why a path of `collect` is not among `files`, by an error's code: `ENOENT`, `EACCES`, `EISDIR`, `ELOOP`, `ENXIO`
   * for a FIFO, a socket or a device, `ERR_FS_FILE_TOO_LARGE`, `ERR_TIMEOUT` where a file system does not answer,
   * `ERR_ENDED` where the container around the command had ended, `ABORT_ERR` where `signal` was aborted.
   */
  readonly uncollected: Readonly<Record<string, string>>;
}

/** The same, checked. */
export interface WantedFile {
  readonly path: string;
  readonly maxBytes: number;
}

const MOST = '16m';

/** Of a command that was asked for none. */
export const NOTHING_COLLECTED: Collected = Object.freeze({
  files: Object.freeze({}),
  uncollected: Object.freeze({}),
});

/** @throws TypeError or RangeError naming the part, such as `collect[1].maxBytes`. */
export function checkCollect(value: unknown): readonly WantedFile[] {
  if (value === undefined) return [];
  return array('collect', value).map((one, index) => checkWanted(`collect[${index}]`, one));
}

function checkWanted(name: string, value: unknown): WantedFile {
  if (typeof value === 'string') return { path: checkPath(name, value), maxBytes: bytes(name, MOST) };
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidType(name, 'a path, or an object such as { path: "/tmp/main", maxBytes: "64m" }', value);
  knownOptions(name, value, ['path', 'maxBytes']);
  const { path, maxBytes = MOST } = value as Readonly<Record<string, unknown>>;
  return { path: checkPath(`${name}.path`, path), maxBytes: bytes(`${name}.maxBytes`, maxBytes) };
}

function checkPath(name: string, value: unknown): string {
  const path = text(name, value);
  if (path === '') throw invalidValue(name, 'a path in the container', path);
  return path;
}
