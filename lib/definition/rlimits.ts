/** How much of each resource a process may use. */

import { contradiction, invalidValue, unknownOption } from '../errors/errors.js';
import { RESOURCES, type Resource } from '../plan/constants.js';
import { bytes, integer, knownOptions, object } from './checks.js';

/** A limit: a number in the unit of its resource, or `'unlimited'`. */
export type LimitValue = number | 'unlimited';

/** A resource's limits. getrlimit(2) */
export interface ResourceLimit {
  /** What holds now; a process may change it, up to `hard`. */
  readonly soft: LimitValue;
  /** What a process may raise `soft` to. */
  readonly hard: LimitValue;
}

/** The limits of a definition, by the resources' names without `RLIMIT_`. */
export type ResourceLimits = { readonly [R in Resource]?: ResourceLimit };

/** A limit from the caller: one value for both, or each. Where it counts bytes also a text such as `'64m'`. */
export type LimitInput =
  | number
  | string
  | {
      /** Default: `hard`. */
      readonly soft?: number | string | undefined;
      /** Default: `soft`. */
      readonly hard?: number | string | undefined;
    };

/** Limits from the caller: by their names in getrlimit(2), with or without `RLIMIT_`, in upper or lower case. */
export type ResourceLimitsInput = {
  readonly [R in Resource | `RLIMIT_${Uppercase<Resource>}`]?: LimitInput | undefined;
};

const NAMES = Object.keys(RESOURCES) as readonly Resource[];
/** Those that count bytes. */
const SIZES: readonly Resource[] = ['fsize', 'data', 'stack', 'core', 'rss', 'memlock', 'as', 'msgqueue'];

export function checkRlimits(value: unknown): ResourceLimits {
  object('rlimits', value);
  const given = Object.entries(value as Readonly<Record<string, unknown>>).filter(([, limit]) => limit !== undefined);
  const limits = new Map<Resource, ResourceLimit>();
  for (const [key, limit] of given) {
    const resource = key.replace(/^RLIMIT_/, '').toLowerCase() as Resource;
    if (!NAMES.includes(resource)) throw unknownOption('rlimits', key, NAMES);
    if (limits.has(resource)) throw contradiction(`rlimits name "${resource}" more than once`);
    limits.set(resource, checkLimit(`rlimits.${key}`, resource, limit));
  }
  return Object.fromEntries(limits);
}

function checkLimit(name: string, resource: Resource, value: unknown): ResourceLimit {
  if (typeof value === 'number' || typeof value === 'string') {
    const both = checkValue(name, resource, value);
    return { soft: both, hard: both };
  }
  object(name, value);
  knownOptions(name, value as object, ['soft', 'hard']);
  const { soft, hard } = value as { soft?: unknown; hard?: unknown };
  if (soft === undefined && hard === undefined) throw invalidValue(name, 'an object with soft, hard, or both', value);
  const limit = {
    soft: checkValue(`${name}.soft`, resource, soft ?? hard),
    hard: checkValue(`${name}.hard`, resource, hard ?? soft),
  };
  if (Number(limit.soft) > Number(limit.hard) || (limit.soft === 'unlimited' && limit.hard !== 'unlimited')) {
    throw contradiction(`${name}: soft is ${limit.soft} and hard is ${limit.hard}, which is the most that soft can be`);
  }
  return limit;
}

function checkValue(name: string, resource: Resource, value: unknown): LimitValue {
  if (value === 'unlimited') return value;
  if (typeof value === 'string' && SIZES.includes(resource)) {
    if (!/^\d+[kmgt]?b?$/i.test(value)) throw invalidValue(name, 'bytes, a text such as "64m", or "unlimited"', value);
    return /^0+[kmgt]?b?$/i.test(value) ? 0 : bytes(name, value);
  }
  if (typeof value === 'string') throw invalidValue(name, 'a number, or "unlimited"', value);
  return integer(name, value, 0, Number.MAX_SAFE_INTEGER);
}
