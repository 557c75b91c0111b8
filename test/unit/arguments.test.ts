/** Every argument is taken, or refused at once by an error of Node's kind that names the place. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as library from '#lib/index.js';
import * as plans from '#lib/plan.js';
import { SPAWN_OPTIONS } from '#lib/running/command.js';
import * as steps from '#lib/steps.js';

const { CarrelError, Container } = library;

/** Everything that somebody may pass by mistake. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  10n,
  '',
  'text',
  '\0',
  '/a\0b',
  Symbol('symbol'),
  () => undefined,
  [],
  [null],
  [undefined],
  [[]],
  [1],
  ['text'],
  [{}],
  {},
  { text: 1 },
  { '': '' },
  { type: null },
  { type: 'text' },
  { op: 'exec' },
  { op: 'text' },
  { op: null },
  Object.create(null),
  new Map(),
  new Date(Number.NaN),
  new URL('http://host/path'),
  new URL('file://host/path'),
  new URL('file:///a%2Fb'),
  new Uint8Array(2),
  new Proxy({}, {}),
];

const NODES = /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE|INVALID_FILE_URL_PATH|INVALID_FILE_URL_HOST)$/;

function holds(call: () => unknown, name: string): void {
  try {
    call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A text may be a user's name, only that nobody has it; and no limits at all may be asked for.
    if (error instanceof CarrelError && ['ERR_UNKNOWN_USER', 'ERR_CGROUP_UNAVAILABLE'].includes(code ?? '')) return;
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${name}: ${String(error)}`);
    assert.match(code ?? '', NODES, `${name}: ${message}`);
  }
}

describe('a builder method takes it or refuses it', () => {
  const methods = Object.getOwnPropertyNames(Container.prototype).filter(
    (name) => !['constructor', 'run', 'spawn', 'start', 'plan', 'explain', 'toJSON'].includes(name),
  );
  assert.ok(methods.length > 15);
  for (const method of methods) {
    test(method, () => {
      const box = new Container() as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
      for (const value of WRONG) {
        holds(() => box[method]?.(value), `${method}(${typeof value})`);
        holds(() => box[method]?.(value, value), `${method} twice`);
      }
    });
  }
});

test('the constructor, whole and part by part', () => {
  const parts = Object.keys(new Container().toJSON());
  for (const value of WRONG) {
    holds(() => new Container(value as object), 'the definition');
    for (const part of [...parts, 'rootfs', 'hostname', 'rlimits']) holds(() => new Container({ [part]: value }), part);
  }
});

describe('a function that makes a part of a definition', () => {
  const makers = Object.entries(library).filter(
    ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && !['doctor', 'isSupported'].includes(name),
  ) as readonly (readonly [string, (...values: readonly unknown[]) => unknown])[];
  for (const [name, make] of makers) {
    test(name, () => {
      for (const value of WRONG) {
        holds(() => make(value), name);
        holds(() => make('/a', value), name);
        holds(() => make('/a', '/b', value), name);
        for (const option of ['readonly', 'recursive', 'size', 'mode', 'lower', 'upper', 'work', 'optional'])
          for (const args of [['/a'], ['/a', '/b'], []])
            holds(() => make(...args, { [option]: value }), `${name} ${option}`);
      }
    });
  }
});

test('a command, its arguments and its options: thrown at once', () => {
  const box = new Container();
  // plan() checks as spawn() does, and starts nothing.
  for (const value of WRONG) {
    holds(() => box.plan(value as string), 'file');
    holds(() => box.plan(undefined, value as []), 'args without a file');
    holds(() => box.plan(value as string, [], {}), 'file before options');
    holds(() => box.plan('true', value as []), 'args');
    holds(() => box.plan('true', [], value as object), 'options');
    for (const option of SPAWN_OPTIONS) holds(() => box.plan('true', [], { [option]: value }), option);
  }
});

describe('a constructor of carrel/steps', () => {
  for (const [name, construct] of Object.entries(steps)) {
    test(name, () => {
      const make = construct as unknown as (fields: unknown) => unknown;
      const fields = [
        'target',
        'source',
        'slot',
        'ranges',
        'acts',
        'args',
        'paths',
        'attributes',
        'content',
        'namespaces',
        'mode',
      ];
      for (const value of WRONG) {
        holds(() => make(value), name);
        for (const field of fields) holds(() => make({ [field]: value }), `${name} ${field}`);
      }
    });
  }
});

test('carrel/plan', () => {
  const { plan, concat, explain, stringify, equals } = plans;
  const numbers = ['received', 'timeoutMs', 'timeoutSignal'];
  const parts = ['before', 'clone', 'steps', 'after', ...numbers, 'detached', 'timed', 'session'];
  for (const value of WRONG) {
    holds(() => plan(value as object), 'plan');
    for (const part of parts) holds(() => plan({ [part]: value }), part);
    holds(() => concat(value as never), 'concat');
    holds(() => explain(value as never), 'explain');
    holds(() => stringify(value as never), 'stringify');
    holds(() => equals(value as never, value as never), 'equals');
    holds(() => plans.spawn(value as never), 'spawn');
  }
});

test('a message repeats nothing that is long', () => {
  const long = 'x'.repeat(100_000);
  const box = new Container();
  const calls: readonly (() => unknown)[] = [
    () => box.mount(long as never),
    () => library.bind(`/a:/${long}`, undefined as never),
    () => box.spawn([long] as never),
    () => box.spawn('a', long as never),
    () => box.env([`A=${long}`] as never),
    () => box.spawn(long, 5 as never),
  ];
  for (const call of calls) assert.throws(call, ({ message }: Error) => message.length < 1000);
  assert.throws(() => box.mount('/a:/b:ro' as never), {
    message: /Write mount\(bind\('\/a', '\/b', \{ readonly: true \}\)\)$/,
  });
});
