/** Numbers that look random and are the same for the same seed, and what can be drawn with them. */

export interface Random {
  /** From 0 up to 1. */
  readonly next: () => number;
  /** A whole number from 0 up to `count`. */
  below(count: number): number;
  boolean(): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** Up to `most` values. */
  list<Value>(most: number, one: () => Value): Value[];
  /** Up to forty letters, some of them troublesome. */
  text(): string;
}

const LETTERS = [...'ab/.=-_ \n\'"\\äß€漢😀'];

export function generator(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  const random: Random = {
    next,
    below,
    boolean: () => next() < 0.5,
    pick: (values) => values[below(values.length)] as (typeof values)[number],
    list: (most, one) => Array.from({ length: below(most + 1) }, one),
    text: () => Array.from({ length: below(40) }, () => LETTERS[below(LETTERS.length)]).join(''),
  };
  return random;
}
