import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bind, tmpfs } from 'carrel';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

describe('bind() and tmpfs()', () => {
  test('fill in their defaults', () => {
    assert.deepEqual(bind('/a', '/b/'), { type: 'bind', source: '/a', target: '/b', readonly: false, recursive: true });
    assert.deepEqual(tmpfs('/b'), { type: 'tmpfs', target: '/b', mode: 0o1777 });
  });

  for (const target of [
    '/proc',
    '/proc/',
    '/proc/self',
    '/proc/sys/kernel',
    '/x/../proc',
    '//proc',
    '/./proc',
    '/sys',
    '/sys/fs/cgroup',
  ]) {
    test(`refuse the target ${target}`, () => {
      for (const call of [() => bind('/a', target), () => tmpfs(target)]) {
        const error = thrown(call);
        assert.equal(error.code, VALUE);
        assert.match(error.message, /^target .*\/proc/);
      }
    });
  }

  test('take a target that only begins like /proc', () => {
    assert.equal(bind('/a', '/process').target, '/process');
    assert.equal(tmpfs('/system').target, '/system');
  });

  for (const [target, code] of [
    ['/', VALUE],
    ['x', VALUE],
    ['', VALUE],
    ['/a\0b', VALUE],
    [1, TYPE],
    [undefined, TYPE],
  ] as const) {
    test(`refuse the target ${shown(target)}`, () => {
      for (const call of [() => bind('/a', target as string), () => tmpfs(target as string)]) {
        const error = thrown(call);
        assert.equal(error.code, code);
        assert.match(error.message, /^target\b/);
      }
    });
  }

  test('refuse wrong options by name', () => {
    const wrong: readonly (readonly [() => unknown, string, RegExp])[] = [
      [() => bind('', '/b'), VALUE, /^source/],
      [() => bind('/a\0', '/b'), VALUE, /^source/],
      [() => bind(1 as never, '/b'), TYPE, /^source/],
      [() => bind('/a', '/b', null as never), TYPE, /^options/],
      [() => bind('/a', '/b', { readonly: 1 as never }), TYPE, /^options\.readonly/],
      [() => bind('/a', '/b', { recursive: 'no' as never }), TYPE, /^options\.recursive/],
      [() => tmpfs('/b', { mode: 0o10000 }), RANGE, /^options\.mode/],
      [() => tmpfs('/b', { mode: '755' as never }), TYPE, /^options\.mode/],
    ];
    for (const [call, code, message] of wrong) {
      const error = thrown(call);
      assert.equal(error.code, code);
      assert.match(error.message, message);
    }
  });

  for (const [size, expected] of [
    [1, 1],
    ['1', 1],
    ['64k', 65_536],
    ['64m', 67_108_864],
    ['2G', 2_147_483_648],
    ['1gb', 1_073_741_824],
  ] as const) {
    test(`size ${shown(size)} is ${expected} bytes`, () => assert.equal(tmpfs('/b', { size }).size, expected));
  }

  for (const [size, code] of [
    [0, RANGE],
    [-1, RANGE],
    [1.5, RANGE],
    ['0m', RANGE],
    ['', VALUE],
    ['m', VALUE],
    ['1x', VALUE],
    ['-1m', VALUE],
    ['1.5m', VALUE],
    ['99999999t', RANGE],
    [true, TYPE],
  ] as const) {
    test(`size ${shown(size)} is refused`, () => {
      const error = thrown(() => tmpfs('/b', { size: size as string }));
      assert.equal(error.code, code);
      assert.match(error.message, /^options\.size/);
    });
  }
});

function thrown(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail('nothing was thrown');
}

function shown(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
