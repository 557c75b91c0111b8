/** Checks of single values: each gives the value as the definition holds it, or throws an error that names it. */

import { constants } from 'node:os';
import { isAbsolute, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { invalidType, invalidValue, outOfRange, unknownName, unknownOption, withRemedy } from '../errors/errors.js';

/** A text without NUL: to the kernel a NUL would end it. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (value.includes('\0')) throw invalidValue(name, 'a string without NUL', value);
  return value;
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(name, 'true or false', value);
  return value;
}

export function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}

/** How many milliseconds other tools' texts mean, such as `'30s'`. */
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time in milliseconds. */
export function milliseconds(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number') return integer(name, value, least, most);
  const error = invalidType(name, 'a number of milliseconds', value);
  const [, count, unit = 'ms'] = /^(\d{1,9}) ?(ms|s|m|h)?$/.exec(typeof value === 'string' ? value : '') ?? [];
  throw count === undefined ? error : withRemedy(error, String(Number(count) * (TIME_UNITS[unit] ?? 1)));
}

/** The sizes that a terminal takes. ioctl_tty(2) */
export function checkTerminalSize(name: string, value: unknown): number {
  return integer(name, value, 1, 65_535);
}

/** A size, 1 to `most`: bytes, or a text such as `'64m'`, 1024-based. */
export function bytes(name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number') return integer(name, value, 1, most);
  const match = /^(\d+)([kmgt]?)b?$/i.exec(text(name, value));
  if (match === null) throw invalidValue(name, 'bytes, or a text such as "64m"', value);
  const size = Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return integer(name, size, 1, most);
}

/** A signal by its name or number, as a number. `0` is none here. signal(7) */
export function signalNumber(name: string, value: unknown): number {
  if (typeof value === 'number') return integer(name, value, 1, 64);
  const given = text(name, value);
  const number = (constants.signals as Record<string, number>)[given];
  if (number === undefined)
    throw unknownName(name, given, Object.keys(constants.signals), 'a signal such as "SIGTERM"');
  return number;
}

/** Names and values of an environment: no NUL anywhere, no `=` in a name. */
export function environment(name: string, value: unknown): Readonly<Record<string, string>> {
  checkVariables(name, value);
  const env: [string, string][] = [];
  for (const [key, content] of Object.entries(value as Record<string, unknown>)) {
    if (content === undefined) continue;
    if (key === '' || key.includes('=') || key.includes('\0')) {
      throw invalidValue(`${name}: a variable's name`, 'not empty, without "=" and NUL', key);
    }
    env.push([key, text(`${name}.${key}`, content)]);
  }
  // Not by assignment: a variable may be called __proto__.
  return Object.fromEntries(env);
}

/** Lists, maps and texts are how other tools take variables. */
function checkVariables(name: string, value: unknown): void {
  if (value instanceof Map) throw withRemedy(invalidType(name, 'an object', value), `Object.fromEntries(${name})`);
  if (typeof value !== 'string' && !Array.isArray(value)) {
    object(name, value);
    return;
  }
  const said = [value].flat().filter((one: unknown) => typeof one === 'string' && one.indexOf('=') > 0) as string[];
  const pairs = said.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]);
  const right = pairs.length === 0 ? { NAME: 'value' } : Object.fromEntries(pairs);
  throw withRemedy(invalidType(name, 'an object', value), inspect(right));
}

/** A path on the host, made absolute. */
export function hostPath(name: string, value: unknown): string {
  if (value instanceof URL && value.protocol !== 'file:') throw invalidValue(name, 'a path or a file: URL', value.href);
  const path = text(name, value instanceof URL ? fileURLToPath(value) : value);
  if (path === '') throw invalidValue(name, 'a path', value);
  return isAbsolute(path) ? posix.normalize(path) : posix.join(process.cwd(), path);
}

/** An absolute path in the container. */
export function containerPath(name: string, value: unknown): string {
  const path = text(name, value);
  if (!path.startsWith('/')) throw invalidValue(name, 'an absolute path in the container', value);
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

/** Where in the container the caller may put something. */
export function mountTarget(name: string, value: unknown): string {
  const path = containerPath(name, value);
  if (path === '/') throw invalidValue(name, 'below "/": use rootfs() for the root', value);
  // A mount over /proc hides from every program, and from carrel, what the kernel says there. CVE-2019-16884
  if (path === '/proc' || path.startsWith('/proc/') || path === '/sys' || path.startsWith('/sys/')) {
    throw invalidValue(name, 'outside of /proc and /sys', value);
  }
  return path;
}

export function object(name: string, value: unknown): void {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidType(name, 'an object', value);
}

export function knownOptions(where: string, given: object, known: readonly string[]): void {
  if (given === null || typeof given !== 'object')
    throw invalidType(where.endsWith('()') ? `the options of ${where}` : where, 'an object', given);
  const wrong = Object.keys(given).find((name) => !known.includes(name));
  if (wrong !== undefined) throw unknownOption(where, wrong, known);
}

export function oneOf(name: string, value: unknown, names: readonly string[]): string {
  const given = text(name, value);
  if (!names.includes(given)) throw unknownName(name, given, names);
  return given;
}

export function array(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidType(name, 'an array', value);
  // map() passes over a hole, which would enter unseen.
  return Array.from(value);
}

export function distinct(name: string, values: readonly unknown[], names: readonly string[]): readonly string[] {
  return [...new Set(values.map((value, index) => oneOf(`${name}[${index}]`, value, names)))];
}

/** @throws TypeError unless it is left out, or an AbortSignal. */
export function abortSignal(name: string, value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal)) throw invalidType(name, 'an AbortSignal', value);
}
