/** Steps that a caller wrote: made and checked by the same table that types and encodes them. */

import { contradiction, invalidType, invalidValue } from '../errors/errors.js';
import { addressBytes } from '../plan/addresses.js';
import type { Default, Field } from '../plan/fields.js';
import { freezeDeep } from '../plan/plan.js';
import {
  type Attempt,
  type DefaultedKeys,
  fieldsOf,
  type HostStep,
  isAttempt,
  type Op,
  PLANNED_OPS,
  SERVED_OPS,
  STEPS,
  type Step,
  type StepOf,
} from '../plan/steps.js';
import { SLOTS_MAX } from '../plan/wire.js';
import { array, boolean, integer, knownOptions, object, oneOf, text } from './checks.js';

/** The kinds of steps that a plan can have, in the order of the table. */
export const KINDS = PLANNED_OPS;

/** What a step's constructor takes: its fields, those in `Defaulted` only where they differ from the default. */
export type StepFields<O extends Op, Defaulted extends PropertyKey> = Omit<StepOf<O>, 'op' | 'from' | Defaulted> &
  Partial<Pick<StepOf<O>, Defaulted & keyof StepOf<O>>>;

/**
 * Makes a step.
 *
 * @throws TypeError or RangeError with Node's codes, naming the field.
 */
export type StepConstructor<O extends Op, Defaulted extends PropertyKey = never> =
  Record<never, never> extends StepFields<O, Defaulted>
    ? (fields?: StepFields<O, Defaulted>) => StepOf<O>
    : (fields: StepFields<O, Defaulted>) => StepOf<O>;

/** The constructor of the steps of one kind. */
export function step<O extends Op>(op: O): StepConstructor<O, DefaultedKeys<O>> {
  const make = (given: object = {}): StepOf<O> => {
    object(op, given);
    // Its kind is what was called, and where it comes from is the caller's own affair.
    const fields = fieldsOf(op);
    knownOptions(
      `${op}()`,
      given,
      fields.map(([name]) => name),
    );
    const defaults = fields.flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, filledIn(field.default, given)]],
    );
    const column = STEPS[op].column === 'host' ? 'host' : 'container';
    return checkStep(op, { ...Object.fromEntries(defaults), ...given, op }, column) as unknown as StepOf<O>;
  };
  return make as StepConstructor<O, DefaultedKeys<O>>;
}

function filledIn(by: Default, given: object): unknown {
  if ('value' in by) return by.value;
  const other = (given as Readonly<Record<string, unknown>>)[by.firstOf];
  return Array.isArray(other) ? other.slice(0, 1) : [];
}

/** A step with every field checked, frozen. An optional field that is left out stays out. */
export function checkStep(name: string, value: unknown, column: 'host' | 'container' | 'server'): Step {
  object(name, value);
  const { op, from, ...given } = value as Record<string, unknown>;
  const kind = oneOf(`${name}.op`, op, column === 'server' ? SERVED_OPS : KINDS) as Op;
  const spec = STEPS[kind];
  if (spec.column !== 'both' && spec.column !== column) {
    throw invalidValue(`${name}.op`, `a step of the ${column}; "${kind}" is one of the ${spec.column}`, kind);
  }
  const fields = fieldsOf(kind);
  knownOptions(
    `${name} (${kind})`,
    given,
    fields.map(([field]) => field),
  );
  const checked = fields
    .filter(([field, { optional }]) => given[field] !== undefined || optional !== true)
    .map(([field, spec]) => [field, checkField(`${name}.${field}`, spec, given[field])]);
  const origin = from === undefined ? {} : { from: text(`${name}.from`, from) };
  return freezeDeep({ op: kind, ...Object.fromEntries(checked), ...origin } as Step);
}

function checkField(name: string, field: Field, value: unknown): unknown {
  const names = Object.keys(field.names ?? {});
  const each = (check: (name: string, entry: unknown) => unknown): unknown[] =>
    array(name, value).map((entry, index) => check(`${name}[${index}]`, entry));
  switch (field.kind) {
    case 'number':
      return integer(name, value, 0, field.most ?? Number.MAX_SAFE_INTEGER);
    case 'integer':
      return field.most === undefined
        ? integer(name, value, -(2 ** 31), 2 ** 31 - 1)
        : integer(name, value, -field.most, field.most);
    case 'boolean':
      return boolean(name, value);
    case 'slot':
      return checkSlot(name, value);
    case 'flags':
      return each((entry, one) => oneOf(entry, one, names));
    case 'choice':
      return oneOf(name, value, names);
    case 'string':
      return text(name, value);
    case 'name':
      return value instanceof Uint8Array ? checkName(name, value) : text(name, value);
    case 'address':
      return checkAddress(name, value);
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw invalidType(name, 'a Uint8Array', value);
      // A copy: what is in a plan does not change.
      return new Uint8Array(value);
    case 'strings':
      return each(text);
    case 'numbers':
      return each((entry, one) => integer(entry, one, 0, Number.MAX_SAFE_INTEGER));
    case 'slots':
      return each((entry, one) => (one === 'ignore' && field.ignorable === true ? one : checkSlot(entry, one)));
    case 'steps':
      return each((entry, one) => checkStep(entry, one, 'host') as HostStep);
    case 'attempts':
      return each(checkAttempt);
  }
}

function checkName(name: string, value: Uint8Array): Uint8Array {
  if (value.includes(0)) throw invalidValue(name, 'bytes without NUL', value);
  return new Uint8Array(value);
}

function checkAddress(name: string, value: unknown): string {
  const address = text(name, value);
  if (addressBytes(address) === undefined) throw invalidValue(name, 'an address of IPv4 or IPv6', value);
  return address;
}

function checkAttempt(name: string, value: unknown): Attempt {
  const step = checkStep(name, value, 'container');
  if (!isAttempt(step)) throw contradiction(`${name}: "${step.op}" cannot be tried`);
  return step;
}

function checkSlot(name: string, value: unknown): number {
  return integer(name, value, 0, SLOTS_MAX - 1);
}
