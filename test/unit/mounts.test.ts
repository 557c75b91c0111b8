/** `bind()`, `tmpfs()` and `overlay()` check their arguments and fill in their defaults. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bind, directory, file, overlay, symlink, tmpfs } from '#lib/index.js';
import { errorOf } from '../support/errors.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

describe('bind() and tmpfs()', () => {
  test('fill in their defaults', () => {
    const safe = { nosuid: true, nodev: true, noexec: false };
    assert.deepEqual(bind('/a', '/b/'), {
      type: 'bind',
      source: '/a',
      target: '/b',
      readonly: false,
      recursive: true,
      optional: false,
      idmapped: true,
      nofollow: false,
      ...safe,
    });
    assert.deepEqual(tmpfs('/b'), { type: 'tmpfs', target: '/b', mode: 0o1777, ...safe });
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
      const calls = [() => bind('/a', target), () => tmpfs(target), () => file(target, ''), () => symlink(target, 'x')];
      for (const call of [...calls, () => directory(target)]) {
        const error = errorOf(call);
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
        const error = errorOf(call);
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
      [() => bind('/a', '/b', { optional: 1 as never }), TYPE, /^options\.optional/],
      [() => bind('/a', '/b', { idmapped: 0 as never }), TYPE, /^options\.idmapped/],
      [() => bind('/a', '/b', { nosuid: 'no' as never }), TYPE, /^options\.nosuid/],
      [() => bind('/a', '/b', { noExec: true } as never), VALUE, /Did you mean "noexec"/],
      [() => tmpfs('/b', { nodev: 1 as never }), TYPE, /^options\.nodev/],
      [() => file('/b', 1 as never), TYPE, /^content/],
      [() => file('/b', '', { mode: -1 }), RANGE, /^options\.mode/],
      [() => file('/b', '', { size: 1 } as never), VALUE, /^file\(\)/],
      [() => symlink('/b', ''), VALUE, /^text/],
      [() => symlink('/b', 'x'.repeat(4096)), VALUE, /^text/],
      [() => symlink('/b', 'a\0b'), VALUE, /^text/],
      [() => directory('/b', { mode: 0o10000 }), RANGE, /^options\.mode/],
      [() => tmpfs('/b', { mode: 0o10000 }), RANGE, /^options\.mode/],
      [() => tmpfs('/b', { mode: '755' as never }), TYPE, /^options\.mode/],
    ];
    for (const [call, code, message] of wrong) {
      const error = errorOf(call);
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
      const error = errorOf(() => tmpfs('/b', { size: size as string }));
      assert.equal(error.code, code);
      assert.match(error.message, /^options\.size/);
    });
  }
});

describe('overlay()', () => {
  test('takes one directory, or a list, as paths or URLs', () => {
    assert.deepEqual(overlay({ lower: '/a/' }), { type: 'overlay', lower: ['/a'] });
    assert.deepEqual(overlay({ lower: [new URL('file:///a%20b'), '/c:d,e\\'] }).lower, ['/a b', '/c:d,e\\']);
    const whole = { lower: ['/a'], upper: '/u', work: '/w' };
    assert.deepEqual(overlay(whole), { type: 'overlay', ...whole });
    assert.equal(overlay({ lower: Array.from({ length: 120 }, (_, index) => `/l/${index}`) }).lower.length, 120);
  });

  for (const [options, code, message] of [
    [undefined, TYPE, /^options/],
    [{}, TYPE, /^options\.lower/],
    [{ lower: [] }, RANGE, /^options\.lower .*1 to 120/],
    [{ lower: Array.from({ length: 121 }, () => '/a') }, RANGE, /^options\.lower .*1 to 120/],
    [{ lower: ['/a', 1] }, TYPE, /^options\.lower\[1\]/],
    [{ lower: '/a', uper: '/b' }, VALUE, /Did you mean "upper"/],
    [{ lower: '/a', upper: '/b' }, VALUE, /^options\.work .*same mount/],
    [{ lower: '/a', work: '/b' }, VALUE, /^options\.work .*options\.upper/],
    [{ lower: '/a', upper: '/a/up', work: '/w' }, VALUE, /upper \/a\/up and lower \/a must not be part of each other/],
    [{ lower: '/a/b', upper: '/a', work: '/w' }, VALUE, /upper \/a and lower \/a\/b/],
    [{ lower: '/a', upper: '/u', work: '/u/work' }, VALUE, /part of each other/],
    [{ lower: '/a', upper: '/u', work: '/a/w' }, VALUE, /work \/a\/w and lower \/a/],
    [{ lower: '/', upper: '/u', work: '/w' }, VALUE, /part of each other/],
  ] as const) {
    test(`refuses ${shown(options).slice(0, 60)}`, () => {
      const error = errorOf(() => overlay(options as never));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }

  test('directories whose names only begin alike are apart', () => {
    assert.equal(overlay({ lower: '/a', upper: '/ab', work: '/abc' }).upper, '/ab');
  });
});

function shown(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
