/** A plan as JSON, and back. */

import { invalidValue } from '../errors/errors.js';
import { freezeDeep, type Plan } from '../plan/plan.js';
import { array, integer, object, text } from './checks.js';
import { checkPlan, type PlanInput, plan } from './plan.js';

/**
 * Gives a plan as JSON, for storing or sending; {@link parse} reads it. Bytes are `{ base64 }`. Contents of files and
 * the environment are part of it.
 *
 * @param indent Spaces a level, 0 to 10, as `JSON.stringify` takes it. Default: 0, one line.
 * @throws TypeError for what is no plan.
 */
export function stringify(value: Plan, indent = 0): string {
  checkPlan('value', value);
  const write = (_key: string, part: unknown): unknown =>
    part instanceof Uint8Array ? { base64: Buffer.from(part).toString('base64') } : part;
  // A Buffer would write itself as a list of numbers before it is asked for.
  return JSON.stringify(plain(value), write, indent);
}

/**
 * Reads a plan that {@link stringify} has written, and checks it as {@link plan} does. The plan will do what it says,
 * so look at who wrote it.
 *
 * @throws SyntaxError where it is no JSON, TypeError or RangeError naming what is wrong in it.
 */
export function parse(json: string): Plan {
  const read = (_key: string, part: unknown): unknown => (isBase64(part) ? fromBase64(part.base64) : part);
  const value: unknown = JSON.parse(text('json', json), read);
  object('json', value);
  const { slots, kept, degraded, ...parts } = value as Record<string, unknown>;
  const made = plan(parts as PlanInput);
  const names = array('slots', slots ?? made.slots).map((name, index) => text(`slots[${index}]`, name));
  if (names.length < made.slots.length)
    throw invalidValue('slots', `a list of ${made.slots.length} names at least`, names);
  const lacks = array('degraded', degraded ?? []).map((lack, index) => text(`degraded[${index}]`, lack));
  return freezeDeep({
    ...made,
    ...(lacks.length > 0 ? { degraded: lacks } : {}),
    slots: names,
    kept: integer('kept', kept ?? 0, 0, made.received),
  });
}

/** The same value without toJSON() of a Buffer in the way. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function isBase64(part: unknown): part is { readonly base64: string } {
  return part !== null && typeof part === 'object' && typeof (part as { base64?: unknown }).base64 === 'string';
}

function fromBase64(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
