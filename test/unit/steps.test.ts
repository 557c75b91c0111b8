/** The step table describes each step in data and in words, and its layouts fit the wire. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, OPS, type Op, STEPS } from '#lib/plan/steps.js';
import { readTable } from '../../scripts/step-table.js';

const ops = Object.keys(STEPS) as Op[];
const texts = readTable().flatMap(({ steps }) => steps);

test('steps are numbered from 1 in the order of the table', () => {
  assert.deepEqual(
    ops.map((op) => OPS[op]),
    ops.map((_, index) => index + 1),
  );
});

test('every step belongs to a column', () => {
  for (const op of ops) assert.ok(['host', 'container', 'both', 'server'].includes(STEPS[op].column), op);
});

test('only a barrier carries acts, and only an assertion attempts', () => {
  const carriers = (kind: string): readonly Op[] =>
    ops.filter((op) => fieldsOf(op).some(([, field]) => field.kind === kind));
  assert.deepEqual(carriers('steps'), ['barrier']);
  assert.deepEqual(carriers('attempts'), ['assertRefused']);
});

test('flags of a field share no bit', () => {
  for (const op of ops) {
    for (const [name, { kind, names = {} }] of fieldsOf(op)) {
      if (kind !== 'flags') continue;
      const bits = Object.values(names).map(BigInt);
      const all = bits.reduce((sum, bit) => sum | bit, 0n);
      const sum = bits.reduce((total, bit) => total + bit, 0n);
      assert.ok(bits.length > 0, `${op}.${name}`);
      assert.equal(all, sum, `${op}.${name}`);
    }
  }
});

for (const { op, text, needs = '', errors = '', defaults } of texts) {
  test(`the text of ${op} is made of short sentences, and names what there is`, () => {
    const said = [text, needs, errors].join(' ');
    for (const sentence of [text, needs, errors].flatMap((part) => part.split(/(?<=[.;:])\s/))) {
      const words = sentence.replace(/\{@link (\w+)\}/g, '$1').split(/\s+/);
      assert.ok(words.length <= 25, sentence);
    }
    for (const [, other = ''] of said.matchAll(/\{@link (\w+)\}/g)) assert.ok(other in STEPS, other);
    assert.deepEqual(
      [...defaults.keys()],
      fieldsOf(op).flatMap(([name, field]) => (field.default === undefined ? [] : [name])),
    );
  });
}
