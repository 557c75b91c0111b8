/**
 * What was made of a value, kept until it is asked for with another: the one memo of carrel.
 *
 * The key is everything that goes into the making. What may vary from call to call has no place in the key's type, and
 * so none in the making either: nobody keeps a list of what to compare. Pure.
 */

/** Keeps, for each owner, the last value and the key that it was made of. An owner that is gone takes them along. */
export class Memo<Owner extends object, Key, Value> {
  readonly #make: (owner: Owner, key: Key) => Value;
  readonly #kept = new WeakMap<Owner, { readonly key: Key; readonly value: Value }>();

  /**
   * @param make Makes a value of these two and of nothing else. Neither may change later: both are frozen, or owned by
   *   nobody else.
   */
  constructor(make: (owner: Owner, key: Key) => Value) {
    this.#make = make;
  }

  /** The value for this owner and key: the kept one where the key is the same. */
  get(owner: Owner, key: Key): Value {
    const kept = this.#kept.get(owner);
    if (kept !== undefined && isSame(kept.key, key)) return kept.value;
    const value = this.#make(owner, key);
    this.#kept.set(owner, { key, value });
    return value;
  }
}

/** Whether two plain values are the same in every part. A part that is left out is not one that is `undefined`. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isSame((one as Readonly<Record<string, unknown>>)[name], (other as Readonly<Record<string, unknown>>)[name]),
    )
  );
}
