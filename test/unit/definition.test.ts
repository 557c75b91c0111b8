/** A definition takes right values, fills in defaults, and refuses wrong ones with a helpful error. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DEFAULT_CAPABILITIES } from '#lib/definition/capabilities.js';
import { DEFAULT_NAMESPACES } from '#lib/definition/namespaces.js';
import { bind, Container, type DefinitionInput, overlay, tmpfs } from '#lib/index.js';
import { errorOf } from '../support/errors.js';
import { type Option, PROCESS_OPTIONS, type Wrong } from '../support/options.js';
import { ID_OPTIONS } from '../support/options-ids.js';
import { LABEL_OPTIONS } from '../support/options-labels.js';
import { LANDLOCK_OPTION } from '../support/options-landlock.js';
import { SECCOMP_OPTION } from '../support/options-seccomp.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const plainTypes: readonly Wrong[] = [
  [null, TYPE],
  [Symbol('x'), TYPE],
];
const data = bind('/srv/data', '/data');
const scratch = tmpfs('/scratch', { size: '64m' });
const drop = (...names: readonly string[]): readonly string[] =>
  DEFAULT_CAPABILITIES.filter((name) => !names.includes(name));

const OPTIONS: Readonly<Record<keyof DefinitionInput, Option>> = {
  ...PROCESS_OPTIONS,
  ...ID_OPTIONS,
  seccomp: SECCOMP_OPTION,
  landlock: LANDLOCK_OPTION,
  ...LABEL_OPTIONS,
  rootfs: {
    unset: undefined,
    right: [
      ['/srv/box', '/srv/box'],
      ['/srv/../box', '/box'],
      ['box', `${process.cwd()}/box`],
      [pathToFileURL('/srv/a b'), '/srv/a b'],
      [overlay({ lower: '/a' }), { type: 'overlay', lower: ['/a'] }],
      [
        { type: 'overlay', lower: ['/a', '/b/'], upper: '/u', work: '/w' },
        { type: 'overlay', lower: ['/a', '/b'], upper: '/u', work: '/w' },
      ],
    ],
    wrong: [
      [1, TYPE],
      [{}, VALUE],
      [{ type: 'overlay' }, TYPE],
      [{ type: 'overlay', lower: [] }, RANGE],
      ['', VALUE],
      ['/srv\0/box', VALUE],
    ],
  },
  mask: {
    unset: [],
    right: [
      [[], []],
      [
        ['/etc/shadow', '/srv/../var/'],
        ['/etc/shadow', '/var'],
      ],
    ],
    wrong: [
      ['/etc', TYPE],
      [['etc'], VALUE],
      [['/'], VALUE],
      [['/proc'], VALUE],
      [['/a\0'], VALUE],
      [[1], TYPE],
    ],
  },
  proc: {
    unset: 'auto',
    right: [
      ['auto', 'auto'],
      ['new', 'new'],
      ['bind', 'bind'],
      ['none', 'none'],
    ],
    wrong: [
      ['host', VALUE],
      [true, TYPE],
    ],
  },
  timeOffsets: {
    unset: {},
    right: [
      [{}, {}],
      [{ monotonic: 1500 }, { monotonic: { secs: 1, nanosecs: 500_000_000 } }],
      [{ boottime: -500 }, { boottime: { secs: -1, nanosecs: 500_000_000 } }],
      [{ boottime: { secs: -3 } }, { boottime: { secs: -3, nanosecs: 0 } }],
    ],
    wrong: [
      [1, TYPE],
      [{ realtime: 1 }, VALUE],
      [{ monotonic: '1' }, TYPE],
      [{ monotonic: 1.5 }, RANGE],
      [{ monotonic: { secs: 1, nanosecs: 1e9 } }, RANGE],
      [{ monotonic: { seconds: 1 } }, VALUE],
    ],
  },
  steps: {
    unset: [],
    right: [
      [[], []],
      [
        [{ step: { op: 'setHostname', hostname: 'x' } }],
        [{ step: { op: 'setHostname', hostname: 'x' }, before: 'pivotRoot' }],
      ],
    ],
    wrong: [
      [{}, TYPE],
      [['x'], TYPE],
      [[{ step: { op: 'sethostname', hostname: 'x' }, before: 'init' }], VALUE],
      [[{ step: { op: 'setHostname', hostname: 1 }, before: 'init' }], TYPE],
      [[{ step: { op: 'setHostname' }, before: 'init' }], TYPE],
      [[{ step: { op: 'setHostname', hostname: 'x', name: 'y' }, before: 'init' }], VALUE],
      [[{ step: { op: 'setHostname', hostname: 'x' }, before: 'never' }], VALUE],
      [[{ step: { op: 'setUidMap', ranges: [] }, before: 'init' }], VALUE],
      [[{ step: { op: 'init' } }], VALUE],
    ],
  },
  readonly: {
    unset: false,
    right: [
      [true, true],
      [false, false],
    ],
    wrong: [
      ['true', TYPE],
      [1, TYPE],
    ],
  },
  mounts: {
    unset: [],
    right: [
      [[], []],
      [
        [data, scratch],
        [data, scratch],
      ],
      [[{ type: 'bind', source: '/a', target: '/b' }], [bind('/a', '/b')]],
      [[{ type: 'tmpfs', target: '/b' }], [tmpfs('/b')]],
    ],
    wrong: [
      ['/data', TYPE],
      [{}, TYPE],
      [[null], TYPE],
      [['/data'], TYPE],
      [[{ type: 'nfs', target: '/x' }], VALUE],
    ],
  },
  namespaces: {
    unset: DEFAULT_NAMESPACES,
    right: [
      [[], []],
      [['pid'], ['pid']],
      [
        ['pid', 'user', 'pid'],
        ['pid', 'user'],
      ],
      [['time'], ['time']],
    ],
    wrong: [
      ['pid', TYPE],
      [{}, TYPE],
      [['pidd'], VALUE],
      [[1], TYPE],
      [['PID'], VALUE],
    ],
  },
  hostname: {
    unset: undefined,
    right: [
      ['box', 'box'],
      ['a', 'a'],
      ['a-1.b', 'a-1.b'],
      ['x'.repeat(64), 'x'.repeat(64)],
    ],
    wrong: [
      [1, TYPE],
      ['', VALUE],
      ['-a', VALUE],
      ['a-', VALUE],
      ['a_b', VALUE],
      ['a b', VALUE],
      ['a\n', VALUE],
      ['a\0', VALUE],
      ['ä', VALUE],
      ['x'.repeat(65), VALUE],
    ],
  },
  env: {
    unset: {},
    right: [
      [{}, {}],
      [
        { A: '1', 'b.c': '=' },
        { A: '1', 'b.c': '=' },
      ],
      [{ A: '', B: undefined }, { A: '' }],
    ],
    wrong: [
      ['A=1', TYPE],
      [['A=1'], TYPE],
      [{ A: 1 }, TYPE],
      [{ '': 'x' }, VALUE],
      [{ 'A=B': 'x' }, VALUE],
      [{ 'A\0': 'x' }, VALUE],
      [{ A: 'x\0' }, VALUE],
    ],
  },
  cwd: {
    unset: '/',
    right: [
      ['/', '/'],
      ['/srv/', '/srv'],
      ['/srv/../a//b', '/a/b'],
    ],
    wrong: [
      [1, TYPE],
      ['', VALUE],
      ['srv', VALUE],
      ['./srv', VALUE],
      ['/srv\0', VALUE],
    ],
  },
  capabilities: {
    unset: DEFAULT_CAPABILITIES,
    right: [
      [[], []],
      [['CAP_CHOWN', 'CAP_CHOWN'], ['CAP_CHOWN']],
      [{}, DEFAULT_CAPABILITIES],
      [{ drop: ['CAP_CHOWN', 'CAP_KILL'] }, drop('CAP_CHOWN', 'CAP_KILL')],
      [{ drop: ['CAP_SYS_ADMIN'] }, DEFAULT_CAPABILITIES],
      [{ add: ['CAP_SYS_ADMIN', 'CAP_KILL'] }, [...DEFAULT_CAPABILITIES, 'CAP_SYS_ADMIN']],
      [{ add: ['CAP_BPF'], drop: DEFAULT_CAPABILITIES }, ['CAP_BPF']],
    ],
    wrong: [
      ['CAP_CHOWN', TYPE],
      [['chown'], VALUE],
      [['CAP_ROOT'], VALUE],
      [[1], TYPE],
      [{ add: 'CAP_CHOWN' }, TYPE],
      [{ drop: ['ALL'] }, VALUE],
    ],
  },
  noNewPrivileges: {
    unset: true,
    right: [
      [true, true],
      [false, false],
    ],
    wrong: [
      ['no', TYPE],
      [0, TYPE],
    ],
  },
  init: {
    unset: true,
    right: [
      [true, true],
      [false, false],
    ],
    wrong: [
      ['no', TYPE],
      [0, TYPE],
    ],
  },
};

for (const [name, { unset, right, wrong }] of Object.entries(OPTIONS)) {
  const define = (value: unknown): Record<string, unknown> => ({
    ...new Container({ [name]: value } as DefinitionInput).toJSON(),
  });

  describe(name, () => {
    test('has its default where nothing or undefined is given', () => {
      assert.deepEqual(({ ...new Container().toJSON() } as Record<string, unknown>)[name], unset);
      assert.deepEqual(define(undefined)[name], unset);
    });

    for (const [value, expected] of right) {
      test(`takes ${shown(value)}`, () => assert.deepEqual(define(value)[name], expected));
    }

    for (const [value, code] of [...plainTypes, ...wrong]) {
      test(`refuses ${shown(value)}`, () => {
        const error = errorOf(() => define(value));
        assert.equal(error.code, code);
        assert.equal(error.name, code === RANGE ? 'RangeError' : 'TypeError');
        assert.match(error.message, new RegExp(`^${name}\\b`));
      });
    }
  });
}

describe('a misspelt option', () => {
  for (const [name, meant] of [
    ['hostName', 'hostname'],
    ['rootFs', 'rootfs'],
    ['readOnly', 'readonly'],
    ['mount', 'mounts'],
    ['namespace', 'namespaces'],
    ['capabilites', 'capabilities'],
    ['noNewPrivilege', 'noNewPrivileges'],
  ] as const) {
    test(`${name} suggests ${meant}`, () => {
      const error = errorOf(() => new Container({ [name]: 'x' } as DefinitionInput));
      assert.equal(error.code, VALUE);
      assert.match(error.message, new RegExp(`"${name}".*Did you mean "${meant}"\\?`));
    });
  }

  test('in capabilities, user, bind() and tmpfs() too', () => {
    const calls: readonly (() => unknown)[] = [
      () => new Container({ capabilities: { adds: [] } as object }),
      () => new Container({ user: { uid: 1, gid: 1, guid: 1 } as { uid: number; gid: number } }),
      () => bind('/a', '/b', { readOnly: true } as object),
      () => tmpfs('/a', { sizes: 1 } as object),
      () => new Container().mount({ type: 'bind', source: '/a', target: '/b', recusive: true } as never),
    ];
    for (const call of calls) assert.match(errorOf(call).message, /has no option ".*Did you mean "/);
  });
});

describe('a definition that contradicts itself', () => {
  const cases: Readonly<Record<string, readonly [DefinitionInput, RegExp]>> = {
    'a root filesystem without mount namespace': [{ namespaces: [], rootfs: '/srv' }, /"mount"/],
    'mounts without mount namespace': [{ namespaces: ['pid'], mounts: [scratch] }, /"mount"/],
    'a host name without uts namespace': [{ namespaces: ['user'], hostname: 'box' }, /"uts"/],
  };
  for (const [name, [definition, message]] of Object.entries(cases)) {
    test(`${name} is an error`, () => {
      const error = errorOf(() => new Container(definition));
      assert.equal(error.code, VALUE);
      assert.match(error.message, message);
    });
  }

  test('whatever the order of the calls', () => {
    assert.throws(() => new Container().hostname('box').namespaces(['user']), { code: VALUE });
    assert.throws(() => new Container().namespaces(['user']).hostname('box'), { code: VALUE });
  });
});

function shown(value: unknown): string {
  if (typeof value === 'symbol' || typeof value === 'bigint' || value instanceof URL) return String(value);
  return value === undefined || Number.isNaN(value) ? String(value) : JSON.stringify(value).slice(0, 60);
}
