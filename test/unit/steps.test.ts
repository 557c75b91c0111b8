import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, OPS, type Op, STEPS } from '#lib/plan/steps.js';

const ops = Object.keys(STEPS) as Op[];

test('steps are numbered from 1 in the order of the table', () => {
  assert.deepEqual(
    ops.map((op) => OPS[op]),
    ops.map((_, index) => index + 1),
  );
});

test('every step belongs to a column', () => {
  for (const op of ops) assert.ok(['host', 'container', 'both'].includes(STEPS[op].column), op);
});

test('only a barrier carries steps', () => {
  const carriers = ops.filter((op) => fieldsOf(op).some(([, field]) => field.kind === 'steps'));
  assert.deepEqual(carriers, ['barrier']);
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
