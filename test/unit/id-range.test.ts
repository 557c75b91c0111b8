/** Ranges of ids are found, and users told apart, as fast beside thousands of containers as beside none. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RANGE_FIRST, RANGE_LAST, RANGE_SIZE, RANGE_STRIDE } from '#lib/compile/ids.js';
import { firstFree, RANGES } from '#lib/launch/id-range.js';

/** Takes `count` ranges, one after another. Gives how many tries the last hundred took in the mean. */
function triesAt(count: number): number {
  const taken = new Set<number>();
  let tries = 0;
  for (let ranges = 0; ranges < count; ranges += 1) {
    if (ranges === count - 100) tries = 0;
    const range = firstFree((range) => {
      tries += 1;
      return taken.has(range) ? undefined : range;
    });
    assert.ok(range !== undefined && range >= 0 && range < RANGES);
    taken.add(range);
  }
  return tries / 100;
}

describe('ranges of ids', () => {
  test('a few tries find one, however many are held', () => {
    for (const count of [100, 1000, 2000, 4000]) {
      const tries = triesAt(count);
      assert.ok(tries < 8, `${tries} tries beside ${count}`);
    }
  });

  test('the only free one is found, and none is found twice', () => {
    for (const free of [0, 1, RANGES >> 1, RANGES - 1])
      assert.equal(
        firstFree((range) => (range === free ? range : undefined)),
        free,
      );
    const tried = new Set<number>();
    assert.equal(
      firstFree((range) => void tried.add(range)),
      undefined,
    );
    assert.equal(tried.size, RANGES);
  });

  test('they overlap nowhere, and end where they should', () => {
    assert.ok(RANGE_STRIDE >= RANGE_SIZE);
    assert.ok(RANGE_FIRST + (RANGES - 1) * RANGE_STRIDE + RANGE_SIZE <= RANGE_LAST + RANGE_SIZE);
  });

  test('their first users are in different lists of the kernel', () => {
    const lists = new Map<number, number>();
    for (let range = 0; range < 2048; range += 1) {
      const uid = RANGE_FIRST + range * RANGE_STRIDE;
      const list = (uid + (uid >> 7)) & 127;
      lists.set(list, (lists.get(list) ?? 0) + 1);
    }
    assert.equal(Math.max(...lists.values()), 2048 / 128);
  });
});
