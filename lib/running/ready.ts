/** What a caller waits for until a container is ready: the conditions, and their checks. */

import { array, integer, knownOptions, oneOf, text } from '../definition/checks.js';
import { checkServicePort } from '../definition/publish.js';
import { contradiction, invalidType, invalidValue } from '../errors/errors.js';

/** Ready when a server accepts connections to this TCP port of the container's loopback, IPv4 or IPv6. */
export interface ReadyPort {
  /** 1 to 65,535. */
  readonly port: number;
}

/**
 * Ready when the main command has written such a line to standard output or standard error, also where that was before
 * the call, as far as its output is kept. It needs `stdio: 'log'`. It counts as ready too where the command has ended
 * behind that line.
 */
export interface ReadyLine {
  /**
   * A text is found anywhere in a line, also in one that has no end yet. A regular expression is tried on each whole
   * line, without its end. What is no UTF-8 is U+FFFD to it. A line of more than 64 KiB counts as several.
   */
  readonly line: RegExp | string;
  /** How many such lines there are to be. From 1 on. Default: 1. */
  readonly times?: number | undefined;
}

/** Ready when this path of the container exists, whatever it is. */
export interface ReadyFile {
  /** In the container. A relative one counts from its `cwd`. */
  readonly file: string;
}

/** Ready when a server answers `GET` with such a status, by plain HTTP on the container's loopback. */
export interface ReadyHttp {
  readonly http: {
    /** 1 to 65,535. */
    readonly port: number;
    /** With its query. Default: `/`. */
    readonly path?: string | undefined;
    /** 100 to 599. Default: any from 200 to 399. */
    readonly status?: number | undefined;
  };
}

/**
 * Ready when this command, started in the container again and again, ends with exit code 0. An attempt has up to 30
 * seconds. One that cannot be executed fails at once.
 */
export interface ReadyCommand {
  /** The program, and its arguments. */
  readonly command: readonly string[];
}

/**
 * Ready when its promise resolves, whatever to; where that rejects, the container is not. It is called once, when the
 * container runs. `signal` fires when it is of no use any more: the time is up, the container has ended, another
 * condition has failed.
 */
export type ReadyCall<Container> = (container: Container, signal: AbortSignal) => Promise<unknown> | unknown;

/** One condition, as callers write it. */
export type ReadyOf<Container> = ReadyPort | ReadyLine | ReadyFile | ReadyHttp | ReadyCommand | ReadyCall<Container>;

/** One condition, checked. */
export type Condition<Container = never> =
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'line'; readonly line: RegExp | string; readonly times: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'http'; readonly port: number; readonly path: string; readonly status: number | undefined }
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'call'; readonly call: ReadyCall<Container> };

type Plain = Exclude<Condition, { readonly kind: 'call' }>;

const KINDS = ['port', 'line', 'file', 'http', 'command'] as const;

/**
 * @param name What errors call it.
 * @param logged Whether there is a log, which lines are looked for in.
 * @throws TypeError or RangeError naming the part.
 */
export function checkReady<Container>(name: string, value: unknown, logged: boolean): readonly Condition<Container>[] {
  const list = Array.isArray(value) ? array(name, value) : undefined;
  const conditions =
    list === undefined
      ? [checkOne<Container>(name, value)]
      : list.map((one, index) => checkOne<Container>(`${name}[${index}]`, one));
  if (!logged && conditions.some(({ kind }) => kind === 'line'))
    throw contradiction(`${name}: a line is looked for in the output of a main command with stdio: "log"`);
  return conditions;
}

function checkOne<Container>(name: string, value: unknown): Condition<Container> {
  if (typeof value === 'function') return { kind: 'call', call: value as ReadyCall<Container> };
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof RegExp)
    throw invalidType(name, 'a condition such as { port: 80 }, a function, or a list of them', value);
  knownOptions(name, value, [...KINDS, 'times']);
  const given = KINDS.filter((kind) => (value as Record<string, unknown>)[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw invalidValue(name, `exactly one of ${KINDS.join(', ')}; write a list for several`, value);
  if (kind !== 'line' && (value as Partial<ReadyLine>).times !== undefined)
    throw contradiction(`${name}.times is for a line`);
  return checkKind(name, oneOf(name, kind, KINDS) as Plain['kind'], value as Record<string, unknown>);
}

function checkKind(name: string, kind: Plain['kind'], value: Readonly<Record<string, unknown>>): Plain {
  const { port, line, times = 1, file, http, command } = value;
  switch (kind) {
    case 'port':
      return { kind, port: checkServicePort(`${name}.port`, port) };
    case 'line':
      return {
        kind,
        line: checkLine(`${name}.line`, line),
        times: integer(`${name}.times`, times, 1, Number.MAX_SAFE_INTEGER),
      };
    case 'file':
      return { kind, path: filled(`${name}.file`, file) };
    case 'http':
      return checkHttp(`${name}.http`, http);
    case 'command':
      return checkCommand(`${name}.command`, command);
    default:
      return kind satisfies never;
  }
}

function checkLine(name: string, value: unknown): RegExp | string {
  if (value instanceof RegExp) return value;
  if (typeof value !== 'string') throw invalidType(name, 'a string or a regular expression', value);
  if (value === '' || value.includes('\n')) throw invalidValue(name, 'a part of one line', value);
  return value;
}

function checkHttp(name: string, value: unknown): Plain {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidType(name, 'an object such as { port: 80 }', value);
  knownOptions(name, value, ['port', 'path', 'status']);
  const { port, path = '/', status } = value as Readonly<Record<string, unknown>>;
  const given = text(`${name}.path`, path);
  if (!/^\/[!-~]*$/.test(given))
    throw invalidValue(`${name}.path`, 'an absolute path, with % for what is special', given);
  return {
    kind: 'http',
    port: checkServicePort(`${name}.port`, port),
    path: given,
    status: status === undefined ? undefined : integer(`${name}.status`, status, 100, 599),
  };
}

function checkCommand(name: string, value: unknown): Plain {
  const [file, ...args] = array(name, value).map((word, index) => text(`${name}[${index}]`, word));
  if (file === undefined || file === '') throw invalidValue(name, 'a program and its arguments', value);
  return { kind: 'command', file, args };
}

function filled(name: string, value: unknown): string {
  const path = text(name, value);
  if (path === '') throw invalidValue(name, 'a path in the container', path);
  return path;
}
