/** What programs may do with files, ports and other processes, beside what their user may. */

import { contradiction, invalidValue } from '../errors/errors.js';
import { LANDLOCK_SCOPES, type LandlockScope } from '../plan/constants.js';
import { array, containerPath, distinct, integer, knownOptions, object, oneOf } from './checks.js';

/** What Landlock allows, checked. {@link LandlockInput} says what each part means. */
export interface Landlock {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly execute?: readonly string[];
  readonly connectTcp?: readonly number[];
  readonly bindTcp?: readonly number[];
  readonly scope?: readonly LandlockScope[];
  readonly onUnsupported: 'error' | 'warn';
}

/**
 * What {@link Container.landlock} takes. Paths are absolute paths in the container, of directories with all that is
 * below them, or of files. A path that does not exist is an error at the start, which names it.
 */
export interface LandlockInput {
  /** Files that can be opened to be read, and directories that can be listed. */
  readonly read?: string | readonly string[] | undefined;
  /**
   * Files that can be opened to be written, and truncated; directories in which entries of any kind but devices can be
   * made, removed, renamed and linked. To move something from one directory to another, both have to be listed, and
   * what can be done with it there must not be more than before: else that is `EXDEV`. Devices take ioctl(2) here only,
   * from Linux 6.10 on. To read what is written takes `read` as well.
   */
  readonly write?: string | readonly string[] | undefined;
  /**
   * Programs that can be executed, and read for that; their loader and the interpreter of a script too. Libraries are
   * read: they may also stand in `read`. Where files are restricted it has at least one path, since the command itself
   * is executed under these rules.
   */
  readonly execute?: string | readonly string[] | undefined;
  /** The only TCP ports to connect to, of any address; an empty list means none. 0 to 65535. Default: all. Linux 6.7 */
  readonly connectTcp?: readonly number[] | undefined;
  /**
   * The only TCP ports to bind; an empty list means none. 0 is a port of the kernel's choice. A socket that listens and
   * was not bound gets such a port all the same. 0 to 65535. Default: all. Linux 6.7
   */
  readonly bindTcp?: readonly number[] | undefined;
  /**
   * What reaches no process outside: signals, connections to abstract unix sockets. Outside are all that the command
   * has not started. Default: none. Linux 6.12
   */
  readonly scope?: readonly LandlockScope[] | undefined;
  /**
   * Says what happens where this kernel cannot refuse what has to be refused. `'error'` throws at the start, with code
   * `ERR_LANDLOCK_UNAVAILABLE`. `'warn'` starts with what the kernel can do, and lists the rest in `degraded` of the
   * result. Default: `'error'`.
   */
  readonly onUnsupported?: 'error' | 'warn' | undefined;
}

const PATHS = ['read', 'write', 'execute'] as const;
const PORTS = ['connectTcp', 'bindTcp'] as const;
const PARTS = [...PATHS, ...PORTS, 'scope'] as const;

export function checkLandlock(value: unknown): Landlock {
  object('landlock', value);
  knownOptions('landlock', value as object, [...PARTS, 'onUnsupported']);
  const { onUnsupported = 'error', ...parts } = value as LandlockInput;
  const given = PARTS.flatMap((part) => (parts[part] === undefined ? [] : [[part, checkPart(part, parts[part])]]));
  if (given.length === 0) throw invalidValue('landlock', `an object with one of ${PARTS.join(', ')} at least`, value);
  const checked: Partial<Landlock> = Object.fromEntries(given);
  // The command itself is executed behind the rules.
  if (PATHS.some((name) => checked[name] !== undefined) && (checked.execute ?? []).length === 0)
    throw contradiction('landlock: read and write need execute, which has the command itself, and its loader');
  return { ...checked, onUnsupported: oneOf('landlock.onUnsupported', onUnsupported, ['error', 'warn']) as 'error' };
}

function checkPart(part: (typeof PARTS)[number], value: unknown): readonly unknown[] {
  const name = `landlock.${part}`;
  if (part === 'scope') return distinct(name, array(name, value), Object.keys(LANDLOCK_SCOPES));
  const isPath = (PATHS as readonly string[]).includes(part);
  const list = array(name, isPath && typeof value === 'string' ? [value] : value);
  const check = (one: unknown, index: number): unknown =>
    isPath ? containerPath(`${name}[${index}]`, one) : integer(`${name}[${index}]`, one, 0, 65_535);
  return [...new Set(list.map(check))];
}
