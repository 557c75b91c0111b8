/**
 * The kinds of field that a step may have, and how each looks on the wire.
 *
 * Every field takes eight bytes in a step's record: a number, or the place and length of bytes that stand elsewhere in
 * the plan. So a record has a fixed layout that C reads as a struct, and one loop checks every record of every step.
 */

/** A field of a step: how it is written in TypeScript (`value`), and how on the wire (`kind`). */
export interface Field<Value = unknown> {
  readonly kind: FieldKind;
  /** For `flags` and `choice`: the names that TypeScript uses, and their numbers in the kernel's headers. */
  readonly names?: Readonly<Record<string, number | bigint>>;
  /** For `number`: the highest that it can be; left out, 2^53 − 1. For `integer`: left out, 32 bits. */
  readonly most?: number;
  /** The field may be left out. */
  readonly optional?: boolean;
  /** What the step's constructor fills in where it is left out; a step in a plan has it. */
  readonly default?: Default;
  /** Of `slots`: an entry may be `'ignore'`, for no slot. */
  readonly ignorable?: boolean;
  /** Of `slot`: the step puts a descriptor into it. A plan does that once with a slot, with none that it receives. */
  readonly fills?: boolean;
  /** Where it is left out it is made when the plan is performed, so that nobody else has it. */
  readonly unique?: boolean;
  /** It holds an id of the host, or ranges of them (inside, outside, count): `moveIds` gives the plan other ones. */
  readonly ids?: 'one' | 'ranges';
  /** It is a path of the host, or in the container: what an error of the step says that it was about. */
  readonly path?: 'host' | 'container';
  /** Carries the TypeScript type, never a value. */
  readonly value?: Value;
}

/** A value, or the first entry of the list in another field. */
export type Default = { readonly value: unknown } | { readonly firstOf: string };

/**
 * - `number`: unsigned, up to 2^53 − 1; on the wire 2^64 − 1 where an optional one is left out.
 * - `integer`: signed, from −2^31 to 2^31 − 1 unless it says more; on the wire in two's complement of 64 bits.
 * - `boolean`: on the wire 0 or 1.
 * - `flags`: a set of names, on the wire their bits.
 * - `choice`: one name, on the wire its number.
 * - `slot`: the number of a slot, {@link NO_SLOT} where an optional one is left out.
 * - `string`: text without NUL, on the wire NUL-terminated.
 * - `name`: a file name or path, as text or, where it is no UTF-8, as bytes; none is NUL. On the wire NUL-terminated.
 * - `bytes`: any bytes.
 * - `address`: an address of IPv4 or IPv6, as text; on the wire its 4 or 16 bytes, none where one is left out.
 * - `strings`: a list of strings.
 * - `numbers`: a list of numbers.
 * - `slots`: a list of slots; on the wire {@link NO_SLOT} where one is `'ignore'`.
 * - `steps`: a list of host steps (what a barrier carries).
 * - `attempts`: a list of container steps that are tried (what an assertion carries).
 */
export type FieldKind =
  | 'number'
  | 'integer'
  | 'boolean'
  | 'flags'
  | 'choice'
  | 'slot'
  | 'string'
  | 'name'
  | 'bytes'
  | 'address'
  | 'strings'
  | 'numbers'
  | 'slots'
  | 'steps'
  | 'attempts';

/** A slot, or the word that stdio has for no descriptor. */
export type Descriptor = number | 'ignore';

/** On the wire, in place of a slot's number: no slot. */
export const NO_SLOT = 0xffffffff;

type NameOf<Names> = Extract<keyof Names, string>;

export const number: Field<number> = { kind: 'number' };
/** A number from 0 to `most`. */
export function upTo(most: number): Field<number> {
  return { ...number, most };
}

export const hostId: Field<number> = { kind: 'number', ids: 'one' };
export const integer: Field<number> = { kind: 'integer' };
/** Seconds since 1970 do not end in 2038. */
export const seconds: Field<number> = { kind: 'integer', most: Number.MAX_SAFE_INTEGER };
export const boolean: Field<boolean> = { kind: 'boolean' };
export const slot: Field<number> = { kind: 'slot' };
export const filled: Field<number> = { kind: 'slot', fills: true };
export const string: Field<string> = { kind: 'string' };
export const hostPath: Field<string> = { kind: 'string', path: 'host' };
export const containerPath: Field<string> = { kind: 'string', path: 'container' };
/** What a link says, or a file is called, where that may be no UTF-8. */
export const innerText: Field<string | Uint8Array> = { kind: 'name' };
export const innerPath: Field<string | Uint8Array> = { kind: 'name', path: 'container' };
export const bytes: Field<Uint8Array> = { kind: 'bytes' };
export const address: Field<string> = { kind: 'address' };
export const strings: Field<readonly string[]> = { kind: 'strings' };
export const numbers: Field<readonly number[]> = { kind: 'numbers' };
export const idRanges: Field<readonly number[]> = { kind: 'numbers', ids: 'ranges' };
export const slots: Field<readonly number[]> = { kind: 'slots' };
/** What the descriptors of a command are, from 0 on: a slot, or nothing. */
export const descriptors: Field<readonly Descriptor[]> = { kind: 'slots', ignorable: true };
/** Its value's type is in steps.ts, which says what a host step is. */
export const steps: Field<readonly never[]> & { readonly kind: 'steps' } = { kind: 'steps' };
/** Its value's type is there too, as what an attempt is. */
export const attempts: Field<readonly never[]> & { readonly kind: 'attempts' } = { kind: 'attempts' };

export function flags<const Names extends Readonly<Record<string, number | bigint>>>(
  names: Names,
): Field<readonly NameOf<Names>[]> {
  return { kind: 'flags', names };
}

export function choice<const Names extends Readonly<Record<string, number>>>(names: Names): Field<NameOf<Names>> {
  return { kind: 'choice', names };
}

export function optional<Value>(field: Field<Value>): Field<Value | undefined> & { readonly optional: true } {
  return { ...(field as Field<Value | undefined>), optional: true };
}

type Defaulted<F> = F & { readonly default: Default };

/** A field that the constructor fills in with `value`. */
export function defaulted<F extends Field>(
  field: F,
  value: F extends Field<infer Value> ? Value : never,
): Defaulted<F> {
  return { ...field, default: { value } };
}

/** A list of texts that the constructor fills in with the first entry of the list `other`. */
export function firstOf(other: string): Defaulted<Field<readonly string[]>> {
  return { ...strings, default: { firstOf: other } };
}

/** A text that may be left out: then it is one that nobody else has. */
export const unique: Field<string | undefined> & { readonly optional: true } = { ...optional(string), unique: true };
