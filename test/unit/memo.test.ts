/** The memo of carrel: by which keys it knows a value again, and what it copies of them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { copyPlain, isSame, Memo } from '#lib/plan/memo.js';

describe('a memo', () => {
  const memo = new Memo((owner: { readonly name: string }, key: unknown) => ({ owner, key }));
  const owner = { name: 'one' };

  test('gives the value that it has as long as the key is the same in every part', () => {
    const first = memo.get(owner, { a: [1, { b: 'c' }] });
    assert.equal(memo.get(owner, { a: [1, { b: 'c' }] }), first);
    assert.notEqual(memo.get(owner, { a: [1, { b: 'd' }] }), first);
    assert.notEqual(memo.get({ name: 'one' }, { a: [1, { b: 'c' }] }), first);
  });

  for (const [one, other] of [
    [{ a: undefined }, {}],
    [{ a: 1 }, { b: 1 }],
    [[1], { 0: 1 }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    // biome-ignore lint/suspicious/noSparseArray: a hole is no part
    [[1, ,], [1]],
    [[1, 2], [1]],
    [null, {}],
    [0, -0],
    [1n, 1],
    [new Uint8Array([1]), new Uint8Array([2])],
  ] as const)
    test(`${inspect(one)} and ${inspect(other)} are not the same`, () => {
      assert.equal(isSame(one, other), false);
      assert.equal(isSame(other, one), false);
    });

  test('makes the value of a copy, where it is given one, and keeps nothing where there is none', () => {
    const copying = new Memo((_: object, key: { readonly a: unknown }) => ({ key }), {
      copy: (key) => copyPlain(key, 99),
    });
    let reads = 0;
    const key = {
      get a(): number {
        reads += 1;
        return reads;
      },
    };
    assert.deepEqual(copying.get(owner, key), { key: { a: 1 } });
    assert.deepEqual(copying.get(owner, { a: 1 }), { key: { a: 1 } });
    const plain = { a: ['x', { b: 1 }] };
    assert.notEqual(copying.get(owner, plain).key, plain);
    for (const value of [
      () => {},
      new Date(0),
      new Map(),
      Symbol.iterator,
      'x'.repeat(100),
      JSON.parse('{"__proto__":1}'),
    ])
      assert.notEqual(copying.get(owner, { a: value }), copying.get(owner, { a: value }), inspect(value));
    const circle: { a: unknown } = { a: undefined };
    circle.a = circle;
    assert.equal(copyPlain(circle, 99), undefined);
  });

  test('what is no number is the same as itself', () => assert.ok(isSame([Number.NaN], [Number.NaN])));
});
