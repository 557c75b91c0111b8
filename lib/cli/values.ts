/** The values of options: a text → what the builder takes. */

import { readFileSync } from 'node:fs';
import { bind, type Mount, tmpfs } from '../definition/mounts.js';
import { overlay } from '../definition/overlay.js';
import type { SeccompInput } from '../definition/seccomp.js';
import { usageError } from '../errors/errors.js';
import type { Capability } from '../plan/constants.js';

export function list(value: string): readonly string[] {
  return value.split(',').filter((part) => part !== '');
}

export function pair(value: string): readonly [string, string] {
  const at = value.indexOf('=');
  if (at <= 0) throw usageError(`"${value}" is not of the form NAME=VALUE`);
  return [value.slice(0, at), value.slice(at + 1)];
}

/** Not by assignment: a name may be __proto__. */
export function assign<Value>(record: Record<string, Value>, [name, value]: readonly [string, Value]): void {
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Brackets, which Docker allows around an address of IPv6, do not belong to it. */
export function host(value: string): readonly [string, string] {
  const [, name, bracketed, address] = /^([^=:]+)[=:](?:\[(.+)\]|(.+))$/.exec(value) ?? [];
  if (name === undefined) throw usageError(`"${value}" is not of the form NAME=ADDRESS`);
  return [name, bracketed ?? address ?? ''];
}

export function variable(value: string): readonly [string, string] {
  if (value.includes('=')) return pair(value);
  const own = process.env[value];
  if (own === undefined) throw usageError(`${value} is not set here, so carrel cannot pass it on`);
  return [value, own];
}

export function bindOf(value: string): Mount {
  const [source = '', target, mode, ...more] = value.split(':');
  if (target === undefined || more.length > 0 || (mode !== undefined && mode !== 'ro' && mode !== 'rw')) {
    throw usageError(
      `"${value}" is not of the form SOURCE:TARGET or SOURCE:TARGET:ro; for paths with a colon see --mount`,
    );
  }
  return bind(source, target, { readonly: mode === 'ro' });
}

export function mountOf(value: string): Mount {
  const parts = list(value).map((part) => (part.includes('=') ? pair(part) : ([part, ''] as const)));
  const { type, source = '', target = '', ...options } = Object.fromEntries(parts) as Record<string, string>;
  const { lower: _, ...others } = options;
  const given = (texts: Readonly<Record<string, string>>): object =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, optionOf(name, text)]));
  if (type === 'bind') return bind(source, target, given(options));
  if (type === 'tmpfs') return tmpfs(target, given(options));
  if (type !== 'overlay') throw usageError('it takes type=bind, type=tmpfs or type=overlay');
  const lower = parts.flatMap(([name, path]) => (name === 'lower' ? [path] : []));
  return overlay(target, { ...given(others), lower });
}

/** A switch may stand alone. */
function optionOf(name: string, text: string): string | number | boolean {
  if (name === 'mode') return octal(text);
  return ['', 'true', 'false'].includes(text) ? text !== 'false' : text;
}

export function limit(
  value: string,
): readonly [string, string | number | { soft: string | number; hard: string | number }] {
  const [name, limits] = pair(value);
  const [soft = '', hard] = limits.split(':').map(size);
  return [name, hard === undefined ? soft : { soft, hard }];
}

/** A block device, and its rates, which the builder checks. */
export function ioLimit(value: string): readonly [string, Readonly<Record<string, string | number>>] {
  if (!/^\d+:\d+,[^,]/.test(value)) {
    throw usageError(`"${value}" is not of the form MAJOR:MINOR,RATE=LIMIT, such as 8:0,wbps=10m`);
  }
  const [device = '', ...rates] = list(value);
  return [device, Object.fromEntries(rates.map(pair).map(([rate, text]) => [rate, size(text)]))];
}

export function capability(name: string): Capability {
  return name.toUpperCase().replace(/^(?!CAP_)/, 'CAP_') as Capability;
}

/** What Docker's `--security-opt` takes, as far as carrel has it. The profile is checked by the builder. */
export function securityOption(value: string): SeccompInput {
  const [key, what] = pair(value);
  if (key !== 'seccomp') throw usageError(`it takes seccomp=…, and no "${key}"`);
  if (what === 'default' || what === 'unconfined') return what;
  const text = readFileSync(what, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${what} is no JSON: ${(error as Error).message}`);
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

export function milliseconds(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(value);
  if (match === null) throw usageError(`"${value}" is no time such as 500ms, 30s, 5m or 2h`);
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1));
}

export function octal(value: string): number {
  if (!/^[0-7]{1,4}$/.test(value)) throw usageError(`"${value}" is no octal number such as 022`);
  return Number.parseInt(value, 8);
}

export function whole(value: string): number {
  if (!/^-?\d+$/.test(value)) throw usageError(`"${value}" is no whole number`);
  return Number(value);
}

/** With a fraction: 0.5. */
export function decimal(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw usageError(`"${value}" is no number such as 2 or 0.5`);
  return Number(value);
}

/** In bytes, or with a unit, which the builder reads. */
export function size(value: string): string | number {
  return /^\d+$/.test(value) ? Number(value) : value;
}
