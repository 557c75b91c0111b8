/**
 * What was made of a value, kept until it is asked for with another: the one memo of carrel.
 *
 * The key is everything that goes into the making. What may vary from call to call has no place in the key's type, and
 * so none in the making either: nobody keeps a list of what to compare. Pure.
 */

/** What a memo is told of its keys and values; all of it has a default. */
export interface MemoOptions<Key> {
  /** How many values of an owner are kept: the ones that were asked for last. Default: 1. */
  readonly most?: number;
  /**
   * Gives a copy of a key that nobody else can change; `undefined` where it cannot be copied, and nothing is kept then.
   * Default: keys are frozen, or owned by nobody else, and need no copy.
   */
  readonly copy?: (key: Key) => Key | undefined;
}

interface Kept<Key, Value> {
  readonly key: Key;
  readonly value: Value;
}

/** Keeps, for each owner, values and the keys that they were made of. An owner that is gone takes them along. */
export class Memo<Owner extends object, Key, Value> {
  readonly #make: (owner: Owner, key: Key) => Value;
  readonly #most: number;
  readonly #copy: (key: Key) => Key | undefined;
  /** The last one that was asked for comes first. */
  readonly #kept = new WeakMap<Owner, Kept<Key, Value>[]>();

  /** @param make Makes a value of these two and of nothing else. */
  constructor(make: (owner: Owner, key: Key) => Value, { most = 1, copy }: MemoOptions<Key> = {}) {
    this.#make = make;
    this.#most = most;
    this.#copy = copy ?? ((key) => key);
  }

  /** The value for this owner and key: the kept one where the key is the same. */
  get(owner: Owner, key: Key): Value {
    const kept = this.#kept.get(owner);
    const index = kept === undefined ? -1 : kept.findIndex((one) => isSame(one.key, key));
    const found = kept?.[index];
    if (kept === undefined || found === undefined) return this.#add(owner, key, kept);
    if (index > 0) {
      kept.splice(index, 1);
      kept.unshift(found);
    }
    return found.value;
  }

  /** The value is made of the copy: what the caller's key says may differ each time that it is read. */
  #add(owner: Owner, key: Key, kept: Kept<Key, Value>[] | undefined): Value {
    const copy = this.#copy(key);
    const value = this.#make(owner, copy ?? key);
    if (copy === undefined) return value;
    if (kept === undefined) {
      this.#kept.set(owner, [{ key: copy, value }]);
      return value;
    }
    kept.unshift({ key: copy, value });
    if (kept.length > this.#most) kept.pop();
    return value;
  }
}

/**
 * Whether two plain values are the same in every part, and in the order of their parts. A part that is left out of an
 * object is not one that is `undefined`.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (Array.isArray(one)) return areSame(one, other as readonly unknown[]);
  // What differs mostly does in a value, and to list all names takes longer.
  for (const name in one) {
    const value = (one as Readonly<Record<string, unknown>>)[name];
    if (!isSame(value, (other as Readonly<Record<string, unknown>>)[name])) return false;
  }
  const others = Object.keys(other);
  const names = Object.keys(one);
  return names.length === others.length && names.every((name, index) => name === others[index]);
}

/** A list is its elements. */
function areSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (!isSame(one[index], other[index])) return false;
  return true;
}

/** What has no plain copy. */
const NONE = Symbol('no plain copy');
/** Typeof what is copied by being itself. */
const ATOMS: readonly string[] = ['undefined', 'string', 'number', 'boolean', 'bigint'];
/** Options are no deeper; what contains itself is. */
const DEPTH_MOST = 8;

/**
 * A copy of a plain value, which shares nothing with it: of texts, numbers, booleans, and lists and objects of those.
 * `undefined` for anything else, and where the texts have more than `most` characters.
 */
export function copyPlain<Value>(value: Value, most: number): Value | undefined {
  let left = most;
  const copyOf = (part: unknown, depth: number): unknown => {
    if (typeof part === 'string') left -= part.length;
    if (left < 0 || depth > DEPTH_MOST) return NONE;
    if (part === null || ATOMS.includes(typeof part)) return part;
    if (typeof part !== 'object') return NONE;
    const prototype: unknown = Object.getPrototypeOf(part);
    if (Array.isArray(part)) {
      if (prototype !== Array.prototype) return NONE;
      const copies: unknown[] = [];
      for (let index = 0; index < part.length; index += 1) {
        const copied = copyOf(part[index], depth + 1);
        if (copied === NONE) return NONE;
        copies.push(copied);
      }
      return copies;
    }
    if (prototype !== Object.prototype) return NONE;
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(part)) {
      left -= name.length;
      const copied = copyOf((part as Readonly<Record<string, unknown>>)[name], depth + 1);
      // By assignment it would be no part, but what the copy inherits from.
      if (copied === NONE || name === '__proto__') return NONE;
      copy[name] = copied;
    }
    return copy;
  };
  const copy = copyOf(value, 0);
  return copy === NONE ? undefined : (copy as Value);
}
