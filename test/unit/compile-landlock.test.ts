/** What Landlock allows stands where it belongs in the plan, and is what the kernel of the machine can do. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LandlockInput } from '#lib/definition/landlock.js';
import type { Host, LandlockFacts } from '#lib/host/facts.js';
import { LANDLOCK_FILES } from '#lib/plan/constants.js';
import { explain } from '#lib/plan/explain.js';
import { AUDIT_ARCH } from '#lib/seccomp/bpf.js';
import { SYSCALLS } from '#lib/seccomp/syscalls.js';
import { runFilter } from '../support/bpf.js';
import { ALL_CAPABILITIES, root, user } from '../support/hosts.js';
import { all, has, only, plain, plan } from '../support/plans.js';
import { ALLOWED, errnoVerdict } from '../support/profiles.js';

const NEWEST = 7;
const on = (version: number, host = root): Host => ({ ...host, landlock: { version } });
const planOn = (landlock: LandlockInput, version = NEWEST): ReturnType<typeof plan> =>
  plan(plain.landlock(landlock), on(version));
const files = { read: '/etc', write: '/tmp', execute: '/usr' } as const;

/** The names of the last steps. */
const ends = (made: ReturnType<typeof plan>, count: number): readonly string[] =>
  made.steps.slice(-count).map(({ op }) => op);

describe('in a plan', () => {
  test('it stands right in front of the filter, for every kind of start', () => {
    const boxes = [plain, plain.init(false), plain.namespaces([]), plain.namespaces([{ user: '/proc/1/ns/user' }])];
    for (const box of boxes)
      assert.deepEqual(ends(plan(box.landlock({ execute: '/usr' }), on(NEWEST)), 6), [
        ...['noNewPrivileges', 'createRuleset', 'addPathRule', 'restrictSelf', 'seccomp', 'exec'],
      ]);
  });

  test('without it there is nothing of it', () => {
    for (const op of ['createRuleset', 'addPathRule', 'addPortRule', 'restrictSelf'] as const)
      assert.ok(!has(plan(plain, on(NEWEST)), op));
  });

  test('without no_new_privs it is loaded while CAP_SYS_ADMIN is held', () => {
    const box = plain.noNewPrivileges(false).landlock({ execute: '/usr' });
    const order = ['setCapabilities', 'createRuleset', 'addPathRule', 'restrictSelf', 'setCapabilities', 'exec'];
    assert.deepEqual(ends(plan(box.seccomp('unconfined'), on(NEWEST)), 6), order);
    const less = { ...on(NEWEST), capabilities: ALL_CAPABILITIES & ~(1n << 21n) };
    assert.throws(() => plan(box.seccomp('unconfined').namespaces([]), less), /CAP_SYS_ADMIN here, to restrict/);
  });

  test('a step of the caller’s before exec comes before it', () => {
    const box = plain.step({ op: 'setHostname', hostname: 'other' }, { before: 'exec' });
    assert.deepEqual(ends(plan(box.landlock({ execute: '/' }), on(NEWEST)), 6), [
      ...['setHostname', 'createRuleset', 'addPathRule', 'restrictSelf', 'seccomp', 'exec'],
    ]);
  });
});

describe('files', () => {
  test('all that the kernel can refuse is refused, unless a list allows it', () => {
    const { steps } = planOn(files);
    assert.deepEqual(only(steps, 'createRuleset').files, Object.keys(LANDLOCK_FILES));
    assert.deepEqual(
      all(steps, 'addPathRule').map(({ target, access }) => [target, access.join(' ')]),
      [
        ['/etc', 'readFile readDir'],
        ['/tmp', 'writeFile removeDir removeFile makeDir makeReg makeSock makeFifo makeSym refer truncate ioctlDev'],
        ['/usr', 'execute readFile'],
      ],
    );
  });

  test('devices can be made nowhere', () => {
    const { steps } = planOn({ read: '/', write: '/', execute: '/' });
    const { access } = only(steps, 'addPathRule');
    const refused = Object.keys(LANDLOCK_FILES).filter((right) => !(access as readonly string[]).includes(right));
    assert.deepEqual(refused, ['makeChar', 'makeBlock']);
  });

  test('a path in several lists has one rule', () => {
    const rules = all(planOn({ read: ['/a', '/b'], write: '/b', execute: ['/c', '/a'] }).steps, 'addPathRule');
    assert.deepEqual(
      rules.map(({ target, access }) => [target, access.includes('readDir'), access.includes('execute')]),
      [
        ['/a', true, true],
        ['/b', true, false],
        ['/c', false, true],
      ],
    );
  });

  test('ports and scopes alone leave them as they are', () => {
    const { files: refused, ports, scopes } = only(planOn({ bindTcp: [], scope: ['signal'] }).steps, 'createRuleset');
    assert.deepEqual([refused, ports, scopes], [[], ['bindTcp'], ['signal']]);
  });
});

describe('ports', () => {
  test('each call has its list, and a port in both has one rule', () => {
    const { steps } = planOn({ connectTcp: [80, 443], bindTcp: [443] });
    assert.deepEqual(only(steps, 'createRuleset').ports, ['bindTcp', 'connectTcp']);
    assert.deepEqual(
      all(steps, 'addPortRule').map(({ port, access }) => [port, access]),
      [
        [443, ['bindTcp', 'connectTcp']],
        [80, ['connectTcp']],
      ],
    );
  });

  test('an empty list refuses all; none, nothing', () => {
    const { steps } = planOn({ connectTcp: [] });
    assert.deepEqual(only(steps, 'createRuleset').ports, ['connectTcp']);
    assert.deepEqual(all(steps, 'addPortRule'), []);
  });

  test('a filter closes the ways that Landlock does not see, on each architecture', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const made = plan(plain.landlock({ connectTcp: [80] }).seccomp('unconfined'), { ...on(NEWEST), arch });
      assert.deepEqual(ends(made, 3), ['restrictSelf', 'seccomp', 'exec']);
      const { filter } = only(made.steps, 'seccomp');
      const verdict = (name: string, ...args: readonly bigint[]): number =>
        runFilter(filter, { number: SYSCALLS[arch][name] ?? -1, arch: AUDIT_ARCH[arch], args }).verdict;
      for (const [protocol, error] of [
        [262n, 'EPROTONOSUPPORT'],
        [256n, 'EPROTONOSUPPORT'],
      ] as const) {
        assert.equal(verdict('socket', 2n, 1n, protocol), errnoVerdict(error));
        // The kernel looks at 32 bits of it.
        assert.equal(verdict('socket', 10n, 1n, protocol | (1n << 32n)), errnoVerdict(error));
      }
      assert.equal(verdict('socket', 43n, 1n, 0n), errnoVerdict('EAFNOSUPPORT'));
      for (const protocol of [0n, 6n, 17n]) assert.equal(verdict('socket', 2n, 1n, protocol), ALLOWED);
      const flags = { sendto: 3, sendmsg: 2, sendmmsg: 3 };
      for (const [name, index] of Object.entries(flags)) {
        const args = (bits: bigint): readonly bigint[] =>
          Array.from({ length: 6 }, (_, at) => (at === index ? bits : 0n));
        assert.equal(verdict(name, ...args(0x20000000n)), errnoVerdict('EOPNOTSUPP'));
        assert.equal(verdict(name, ...args(0x20004040n)), errnoVerdict('EOPNOTSUPP'));
        assert.equal(verdict(name, ...args(0x4040n)), ALLOWED);
      }
      assert.equal(verdict('io_uring_setup'), errnoVerdict('EPERM'));
      assert.equal(verdict('connect'), ALLOWED);
    }
  });

  test('without ports there is no such filter', () =>
    assert.deepEqual(all(plan(plain.landlock(files).seccomp('unconfined'), on(NEWEST)).steps, 'seccomp'), []));
});

describe('by kernels', () => {
  const refused = (landlock: LandlockInput, version: number, message: RegExp): void =>
    assert.throws(() => planOn(landlock, version), { name: 'CarrelError', code: 'ERR_LANDLOCK_UNAVAILABLE', message });

  test('what the kernel cannot refuse is an error that says which can', () => {
    for (const version of [1, 2]) refused(files, version, /^landlock: files .* truncated .* Linux 6\.2\n.*warn/s);
    for (const version of [1, 3]) refused({ connectTcp: [] }, version, /TCP port .* Linux 6\.7/);
    for (const version of [1, 5]) refused({ scope: ['signal'] }, version, /scope .* Linux 6\.12/);
    planOn(files, 3);
    planOn({ connectTcp: [] }, 4);
    planOn({ scope: ['signal'] }, 6);
  });

  test('with "warn" the rest holds, and the result says what does not', () => {
    const wanted = { ...files, connectTcp: [1], scope: ['signal'], onUnsupported: 'warn' } as const;
    const lacks = [/Linux 5\.19/, /truncated.*Linux 6\.2/, /ioctl.*Linux 6\.10/, /Linux 6\.7/, /Linux 6\.12/];
    const made = planOn(wanted, 1);
    const { degraded = [] } = made;
    assert.equal(degraded.length, lacks.length);
    for (const [at, lack] of lacks.entries()) assert.match(degraded[at] ?? '', lack);
    const ruleset = only(made.steps, 'createRuleset');
    assert.deepEqual([ruleset.files.length, ruleset.ports, ruleset.scopes], [13, [], []]);
    assert.deepEqual(all(made.steps, 'addPortRule'), []);
    assert.ok(!all(made.steps, 'addPathRule').some(({ access }) => access.includes('truncate')));
    assert.equal(planOn(wanted, 6).degraded, undefined);
  });

  test('what opens nothing is no error, and is said', () => {
    const { degraded, steps } = planOn(files, 4);
    assert.match(degraded?.join() ?? '', /^landlock: devices .* Linux 6\.10$/);
    assert.ok(!only(steps, 'createRuleset').files.includes('ioctlDev'));
  });

  test('nothing that it knows nothing of is asked of it', () => {
    const { degraded, steps } = planOn({ scope: ['signal'], onUnsupported: 'warn' }, 5);
    assert.equal(degraded?.length, 1);
    assert.ok(!steps.some(({ op }) => op === 'createRuleset' || op === 'restrictSelf'));
    assert.ok(steps.some((step) => step.op === 'omit' && step.from === 'landlock()'));
  });

  test('without Landlock nothing starts, unless the caller asks for a warning', () => {
    const landlock: LandlockFacts = { version: 0, obstacle: 'it is switched off' };
    const none = { ...root, landlock };
    const code = 'ERR_LANDLOCK_UNAVAILABLE';
    assert.throws(() => plan(plain.landlock(files), none), {
      code,
      message: /this kernel has none: it is switched off/,
    });
    assert.throws(() => plan(plain.landlock(files)), { code });
    const made = plan(plain.landlock({ ...files, onUnsupported: 'warn' }), none);
    assert.deepEqual(made.degraded, ['landlock: this kernel has none: it is switched off']);
    assert.ok(!has(made, 'restrictSelf'));
  });
});

describe('without any namespace, by an ordinary user', () => {
  const bare = plain.namespaces([]);

  test('the command is that user, who cannot gain anything', () => {
    const { steps, clone } = plan(bare, user);
    assert.deepEqual(clone, []);
    assert.ok(!has(plan(bare, user), 'setUser') && !has(plan(bare, user), 'setGroups'));
    const { bounding, permitted } = only(steps, 'setCapabilities');
    assert.deepEqual([bounding.length, permitted], [41, []]);
    assert.ok(has(plan(bare, user), 'noNewPrivileges'));
    assert.match(explain(plan(bare, user)), /capabilities none \(bounding all\)/);
  });

  test('it can be no other user', () => {
    plan(bare.user(`${user.uid}:${user.gid}`), user);
    assert.throws(() => plan(bare.user(7), user), /user 7:7: without a user namespace .* that user/);
    assert.throws(() => plan(bare.user({ uid: 0, gid: 0, additionalGids: [4] }), user), /can set no groups/);
    assert.throws(() => plan(bare.noNewPrivileges(false), user), /without a user namespace needs root/);
  });

  test('root of the host can make it anybody', () => {
    const made = plan(bare.user(7), root);
    assert.equal(only(made.steps, 'setUser').uid, 7);
    assert.ok(has(made, 'setGroups'));
  });
});
