/** A plan and its messages read back from bytes as they were written. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NAMESPACES, type Namespace } from '#lib/plan/constants.js';
import { decode, encode } from '#lib/plan/encode.js';
import type { Field } from '#lib/plan/fields.js';
import { offsetsOf, sizeOf } from '#lib/plan/layout.js';
import type { Plan } from '#lib/plan/plan.js';
import { describe as sentence } from '#lib/plan/sentences.js';
import {
  type ContainerStep,
  fieldsOf,
  type HostStep,
  isAttempt,
  type Op,
  PLANNED_OPS,
  STEPS,
  type Step,
} from '#lib/plan/steps.js';
import { HEADER, PLAN_MAGIC, PLAN_MAX, RECORD_HEAD, WIRE_VERSION } from '#lib/plan/wire.js';

const SLOTS = 9;
const ops = Object.keys(STEPS) as Op[];
const hostOps = PLANNED_OPS.filter((op) => STEPS[op].column !== 'container');
const triedOps = PLANNED_OPS.filter((op) => STEPS[op].column !== 'host' && isAttempt({ op } as Step));
const containerOps = PLANNED_OPS.filter((op) => STEPS[op].column !== 'host');

const empty: Plan = {
  before: [],
  clone: [],
  steps: [],
  after: [],
  slots: [],
  received: 0,
  kept: 0,
  detached: false,
  timeoutMs: 0,
  timeoutSignal: 0,
};

describe('a plan on the wire', () => {
  test('every step reads back as it was written', () => {
    const random = generator(1);
    for (const op of ops) {
      for (let round = 0; round < 50; round += 1) {
        const step = randomStep(op, random);
        const plan = { ...empty, steps: [step as ContainerStep], slots: slotNames(SLOTS) };
        assert.deepEqual(decode(encode(plan)), plan);
      }
    }
  });

  test('every step with all its fields empty or at their largest reads back', () => {
    for (const op of ops) {
      for (const random of [() => 0, () => 0.999999]) {
        const plan = { ...empty, steps: [randomStep(op, random) as ContainerStep], slots: slotNames(SLOTS) };
        assert.deepEqual(decode(encode(plan)), plan);
      }
    }
  });

  for (let seed = 1; seed <= 200; seed += 1) {
    const plan = randomPlan(generator(seed));
    test(`random plan ${seed} reads back, and encodes to the same bytes again`, () => {
      const bytes = encode(plan);
      const again = decode(bytes);
      assert.deepEqual(again, plan);
      assert.ok(encode(again).equals(bytes));
    });
  }

  test('what is read back is frozen', () => {
    const plan = decode(encode({ ...empty, steps: [{ op: 'setGroups', groups: [1, 2] }] }));
    assert.ok(Object.isFrozen(plan) && Object.isFrozen(plan.steps) && Object.isFrozen(plan.steps[0]));
  });

  test('`from` is not sent', () => {
    const plan = decode(encode({ ...empty, steps: [{ op: 'pivotRoot', from: 'rootfs()' }] }));
    assert.deepEqual(plan.steps, [{ op: 'pivotRoot' }]);
  });

  test('an optional field that is left out stays out', () => {
    const step: Step = { op: 'bind', target: '/x', attributes: [], recursive: false, create: true };
    assert.deepEqual(decode(encode({ ...empty, steps: [step] })).steps, [step]);
  });

  test('texts keep characters of every length in UTF-8', () => {
    const step: Step = { op: 'symlink', target: '/ä/€/😀', text: "a b\n'\\" };
    assert.deepEqual(decode(encode({ ...empty, steps: [step] })).steps, [step]);
  });

  test('every list begins at a multiple of eight, whatever the length of the texts before it', () => {
    for (let length = 0; length < 16; length += 1) {
      const text = 'x'.repeat(length);
      const step: Step = { op: 'exec', paths: [text], args: [text, text], env: [], stdio: [0] };
      const bytes = encode({ ...empty, steps: [step], after: [{ op: 'denySetgroups' }] });
      const record = bytes.readUInt32LE(offsetsOf(HEADER).stepsOffset) + RECORD_HEAD;
      const lists = fieldsOf('exec').map((_, index) => bytes.readUInt32LE(record + 8 * index));
      for (const at of [...lists, bytes.readUInt32LE(offsetsOf(HEADER).afterOffset)]) assert.equal(at % 8, 0, `${at}`);
    }
  });

  test('10,000 arguments and a megabyte of path fit', () => {
    const args = Array.from({ length: 10_000 }, (_, index) => `argument ${index}`);
    const step: Step = { op: 'exec', paths: [`/${'x'.repeat(2 ** 20)}`], args, env: [], stdio: ['ignore', 0] };
    assert.deepEqual(decode(encode({ ...empty, steps: [step] })).steps, [step]);
  });

  test('the header says what it is and how long', () => {
    const bytes = encode(randomPlan(generator(7)));
    const header = offsetsOf(HEADER);
    assert.equal(bytes.toString('latin1', 0, 4), 'CRLP');
    assert.equal(bytes.readUInt32LE(header.magic), PLAN_MAGIC);
    assert.equal(bytes.readUInt32LE(header.version), WIRE_VERSION);
    assert.equal(bytes.readUInt32LE(header.size), bytes.length);
  });

  test('a plan that is too large is a RangeError', () => {
    const step: Step = { op: 'file', target: '/x', mode: 0, content: new Uint8Array(PLAN_MAX) };
    assert.throws(() => encode({ ...empty, steps: [step] }), { name: 'RangeError', message: /larger than/ });
  });

  test('an unknown name is a RangeError that lists the known ones', () => {
    assert.throws(() => encode({ ...empty, clone: ['moon' as Namespace] }), {
      name: 'RangeError',
      message: /"moon".*mount/,
    });
    const step = { op: 'propagation', target: '/', type: 'loud' } as unknown as ContainerStep;
    assert.throws(() => encode({ ...empty, steps: [step] }), { name: 'RangeError', message: /"loud".*private/ });
  });

  test('a number that the wire cannot hold is a RangeError', () => {
    for (const uid of [-1, 1.5, Number.NaN, 2 ** 64]) {
      assert.throws(
        () => encode({ ...empty, steps: [{ op: 'setUser', uid, gid: 0 }] }),
        { name: 'RangeError' },
        `${uid}`,
      );
    }
  });

  test('bytes that are no plan of this version are a RangeError', () => {
    const good = encode(empty);
    for (const at of [offsetsOf(HEADER).magic, offsetsOf(HEADER).version]) {
      const bad = Buffer.from(good);
      bad[at] = 0xee;
      assert.throws(() => decode(bad), { name: 'RangeError', message: /not a plan/ });
    }
    assert.throws(() => decode(good.subarray(0, sizeOf(HEADER) - 1)), { name: 'RangeError' });
  });

  test('a step of no known kind is a RangeError', () => {
    const bytes = encode({ ...empty, steps: [{ op: 'pivotRoot' }] });
    bytes.writeUInt32LE(ops.length + 1, bytes.readUInt32LE(offsetsOf(HEADER).stepsOffset));
    assert.throws(() => decode(bytes), { name: 'RangeError', message: /step 0/ });
  });
});

describe('a step in words', () => {
  test('every step has a sentence, in one line', () => {
    const random = generator(3);
    for (const op of ops) {
      const text = sentence(randomStep(op, random));
      assert.ok(text.length > 0 && !/undefined|NaN|\[object/.test(text), `${op}: ${text}`);
    }
  });
});

/** Numbers from 0 up to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomPlan(random: () => number): Plan {
  const list = (from: readonly Op[]): Step[] =>
    Array.from({ length: below(12, random) }, () => randomStep(from[below(from.length, random)] as Op, random));
  const slots = SLOTS + below(20, random);
  return {
    before: list(hostOps) as HostStep[],
    clone: some(Object.keys(NAMESPACES), random) as Namespace[],
    steps: list(containerOps) as ContainerStep[],
    after: list(hostOps) as HostStep[],
    slots: slotNames(slots),
    received: below(slots + 1, random),
    kept: below(slots + 1, random),
    detached: random() < 0.5,
    timeoutMs: below(Number.MAX_SAFE_INTEGER, random),
    timeoutSignal: below(65, random),
  };
}

/** `decode` gives slots these names: theirs are not sent. */
function slotNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `slot ${index}`);
}

function randomStep(op: Op, random: () => number): Step {
  const values = fieldsOf(op)
    .filter(([, field]) => field.optional !== true || random() < 0.5)
    .map(([name, field]) => [name, randomValue(field, random)]);
  return { op, ...Object.fromEntries(values) } as Step;
}

function randomValue(field: Field, random: () => number): unknown {
  const list = <Value>(one: () => Value): Value[] => Array.from({ length: below(6, random) }, one);
  const names = Object.keys(field.names ?? {});
  switch (field.kind) {
    case 'number':
      return below(Number.MAX_SAFE_INTEGER, random);
    case 'integer':
      return below(2 ** 32, random) - 2 ** 31;
    case 'boolean':
      return random() < 0.5;
    case 'slot':
      return below(SLOTS, random);
    case 'flags':
      return some(names, random);
    case 'choice':
      return names[below(names.length, random)];
    case 'string':
      // On the wire an optional text that is left out is an empty one.
      return randomText(random, field.optional === true ? 1 : 0);
    case 'name':
      // A text where it can be one.
      return random() < 0.5 ? randomText(random, 0) : Uint8Array.of(0xff, ...list(() => 1 + below(255, random)));
    case 'address':
      return ['192.0.2.1', '2001:db8::1', '::'][below(3, random)];
    case 'bytes':
      return new Uint8Array(list(() => below(256, random)));
    case 'strings':
      return list(() => randomText(random, 0));
    case 'numbers':
      return list(() => below(2 ** 32, random));
    case 'slots':
      return list(() => (field.ignorable && random() < 0.2 ? 'ignore' : below(SLOTS, random)));
    case 'steps':
      return list(() => randomStep(hostOps[below(hostOps.length, random)] as Op, random));
    case 'attempts':
      return list(() => randomStep(triedOps[below(triedOps.length, random)] as Op, random));
  }
}

function randomText(random: () => number, least: number): string {
  const letters = [...'ab/.=-_ \n\'"\\äß€漢😀'];
  const length = least + below(40, random);
  return Array.from({ length }, () => letters[below(letters.length, random)]).join('');
}

function some(names: readonly string[], random: () => number): readonly string[] {
  return names.filter(() => random() < 0.5);
}

function below(count: number, random: () => number): number {
  return Math.floor(random() * count);
}
