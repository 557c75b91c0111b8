/** `carrel/plan` makes, joins, compares, prints and reads plans. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Container } from '#lib/index.js';
import { fieldsOf, PLANNED_OPS } from '#lib/plan/steps.js';
import { concat, equals, explain, parse, plan, stringify } from '#lib/plan.js';
import * as steps from '#lib/steps.js';

const { barrier, bind, exec, fchown, file, mount, openTree, pivotRoot, setHostname, setUidMap } = steps;
const ops = PLANNED_OPS;
const constructors = steps as unknown as Readonly<
  Record<string, (fields?: object) => Readonly<Record<string, unknown>>>
>;
const ls = exec({ args: ['/bin/ls', '/'] });

describe('carrel/steps', () => {
  test('has a constructor for every step, and nothing else', () => {
    assert.deepEqual(Object.keys(constructors).sort(), [...ops].sort());
  });

  for (const op of ops) {
    test(`${op} is checked and frozen`, () => {
      const fields = Object.fromEntries(fieldsOf(op).map(([name, { kind, names = {} }]) => [name, some(kind, names)]));
      const made = constructors[op]?.(fields);
      assert.deepEqual(made, { op, ...fields });
      assert.ok(Object.isFrozen(made));
      assert.throws(() => constructors[op]?.({ ...fields, tpye: 1 }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /tpye/,
      });
      for (const [name, { kind }] of fieldsOf(op)) {
        const wrong = kind === 'boolean' ? 'x' : Symbol('x');
        assert.throws(() => constructors[op]?.({ ...fields, [name]: wrong }), {
          name: /TypeError/,
          message: new RegExp(`^${op}\\.${name}`),
        });
      }
    });
  }

  for (const op of ops) {
    test(`${op} takes the defaults of the table`, () => {
      const needed = fieldsOf(op).filter(([, field]) => field.default === undefined);
      const given = Object.fromEntries(needed.map(([name, { kind, names = {} }]) => [name, some(kind, names)]));
      const filled = fieldsOf(op).flatMap(([name, { default: by }]) =>
        by !== undefined && 'value' in by ? [[name, by.value]] : [],
      );
      const made = constructors[op]?.(given) ?? {};
      assert.deepEqual(Object.keys(made), ['op', ...fieldsOf(op).map(([name]) => name)]);
      assert.deepEqual(made, { ...made, ...given, ...Object.fromEntries(filled) });
    });
  }

  test('fills in what has a default', () => {
    assert.deepEqual(mount({ type: 'tmpfs', target: '/x' }), {
      op: 'mount',
      type: 'tmpfs',
      target: '/x',
      options: [],
      attributes: [],
      nofollow: false,
      own: true,
    });
    assert.deepEqual(ls, { op: 'exec', paths: ['/bin/ls'], args: ['/bin/ls', '/'], env: [], stdio: [0, 1, 2] });
  });

  test('names what is missing', () => {
    assert.throws(() => setHostname({} as never), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^setHostname\.hostname must be a string/,
    });
    assert.throws(() => mount({ type: 'tmpfs', target: '/x', attributes: ['nosiud' as never] }), {
      message: /^mount\.attributes\[0\] must be one of "readonly"/,
    });
  });
});

describe('plan()', () => {
  test('counts its slots and freezes itself', () => {
    const made = plan({ steps: [openTree({ slot: 4, source: '/usr' }), bind({ slot: 4, target: '/' }), ls] });
    assert.deepEqual([made.received, made.slots], [3, ['stdin', 'stdout', 'stderr', 'slot 3', 'slot 4']]);
    assert.ok(Object.isFrozen(made) && Object.isFrozen(made.steps));
  });

  for (const [what, parts, message] of [
    ['a step of the container before the clone', { before: [ls] }, /^before\[0\]\.op must be a step of the host/],
    [
      'a step of the host in the child',
      { steps: [setUidMap({ ranges: [0, 0, 1] })] },
      /^steps\[0\]\.op must be a step of the container/,
    ],
    ['an unknown part', { step: [] }, /no option "step". Did you mean "steps"/],
    ['something after exec', { steps: [ls, pivotRoot()] }, /^steps\[0\] is exec, and must be the last/],
    [
      'an act that is no step',
      { steps: [{ op: 'barrier', acts: [{ op: 'nothing' }], hook: false }] },
      /^steps\[0\]\.acts\[0\]\.op/,
    ],
    [
      'a step that fills a slot of the caller’s',
      { before: [openTree({ slot: 1, source: '/usr' })] },
      /^before\[0\]\.slot is slot 1, which the caller fills: each step that opens something takes its own, from 3 on$/,
    ],
    [
      'two that fill the same slot',
      {
        before: [openTree({ slot: 3, source: '/usr' })],
        steps: [openTree({ slot: 4, source: '/etc' }), openTree({ slot: 3, source: '/bin' }), ls],
      },
      /^steps\[1\]\.slot is slot 3, which before\[0\] \(openTree\) fills/,
    ],
    [
      'an act that fills a slot which is filled',
      {
        steps: [openTree({ slot: 3, source: '/usr' }), barrier({ acts: [openTree({ slot: 3, source: '/usr' })] }), ls],
      },
      /^steps\[1\]\.acts\[0\]\.slot is slot 3, which steps\[0\] \(openTree\) fills/,
    ],
    ['too many descriptors', { received: 241 }, /^received must be/],
    ['an unknown namespace', { clone: ['net'] }, /^clone\[0\] must be one of/],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => plan(parts as never), { message });
    });
  }
});

describe('concat()', () => {
  const one = plan({
    before: [openTree({ slot: 3, source: '/a' })],
    clone: ['mount', 'user'],
    steps: [barrier({ acts: [fchown({ slot: 1, uid: 0, gid: 0 })] }), bind({ slot: 3, target: '/a' })],
    after: [fchown({ slot: 3, uid: 1, gid: 1 })],
    timeoutMs: 5,
  });
  const two = plan({
    before: [openTree({ slot: 3, source: '/b' })],
    clone: ['user', 'uts'],
    steps: [barrier({ acts: [fchown({ slot: 3, uid: 0, gid: 0 })] }), bind({ slot: 3, target: '/b' }), ls],
    after: [fchown({ slot: 3, uid: 2, gid: 2 })],
  });

  test('keeps the order, unites namespaces, renumbers what is a plan’s own', () => {
    const both = concat(one, two);
    assert.deepEqual(both.clone, ['mount', 'user', 'uts']);
    assert.deepEqual(both.before, [openTree({ slot: 3, source: '/a' }), openTree({ slot: 4, source: '/b' })]);
    assert.deepEqual(both.steps, [
      ...one.steps,
      barrier({ acts: [fchown({ slot: 4, uid: 0, gid: 0 })] }),
      bind({ slot: 4, target: '/b' }),
      ls,
    ]);
    assert.deepEqual(both.after, [fchown({ slot: 4, uid: 2, gid: 2 }), fchown({ slot: 3, uid: 1, gid: 1 })]);
    assert.deepEqual([both.received, both.slots.length, both.timeoutMs], [3, 5, 5]);
  });

  test('of one is itself, of none is empty', () => {
    assert.ok(equals(concat(one), one));
    assert.deepEqual(concat().steps, []);
  });

  test('puts nothing behind exec, and a container’s ids beside nothing', () => {
    assert.throws(() => concat(two, one), /plan 0 of 2 ends with exec/);
    const box = new Container().plan('ls');
    if (box.kept > 0) assert.throws(() => concat(one, box), /plan 1 of 2 holds a range of ids/);
  });
});

describe('a plan as text', () => {
  const made = plan({ steps: [file({ target: '/f', content: Buffer.from([0, 255, 10]) }), ls], timeoutMs: 7 });

  test('reads back', () => {
    for (const value of [
      made,
      new Container().plan('ls', ['-l']),
      new Container().plan('sh', [], { terminal: true }),
    ]) {
      const again = parse(stringify(value));
      assert.deepEqual(again, value);
      assert.ok(equals(again, value));
      assert.equal(explain(again), explain(value));
    }
    assert.match(stringify(made, 2), /\n {2}"steps": \[/);
  });

  test('what is damaged is named', () => {
    assert.throws(() => parse('{'), SyntaxError);
    assert.throws(() => parse(stringify(made).replace('"timeoutMs":7', '"timeoutMs":-7')), {
      name: 'RangeError',
      message: /^timeoutMs must be/,
    });
    assert.throws(() => parse(stringify(made).replace('base64', 'base46')), {
      name: 'TypeError',
      message: /^steps\[0\]\.content must be a Uint8Array/,
    });
    assert.throws(() => parse('[]'), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('is equal only where it does the same', () => {
    assert.ok(!equals(made, plan({ steps: [ls] })));
    assert.ok(equals(plan({ steps: [ls] }), plan({ steps: [{ ...ls, from: 'elsewhere' }] })));
  });
});

function some(kind: string, names: Readonly<Record<string, unknown>>): unknown {
  switch (kind) {
    case 'number':
    case 'slot':
      return 7;
    case 'integer':
      return -7;
    case 'boolean':
      return true;
    case 'flags':
      return Object.keys(names).slice(0, 2);
    case 'choice':
      return Object.keys(names)[0];
    case 'string':
      return 'text';
    case 'address':
      return '192.0.2.1';
    case 'bytes':
      return new Uint8Array([1, 2]);
    case 'strings':
      return ['a', 'b'];
    case 'numbers':
    case 'slots':
      return [1, 2];
    default:
      return [{ op: 'fchown', slot: 1, uid: 2, gid: 3 }];
  }
}
