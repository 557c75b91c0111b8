/** The filter of a container stands where it belongs in the plan, and is that of the machine. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkSeccomp, type SeccompProfile } from '#lib/definition/seccomp.js';
import type { Container } from '#lib/index.js';
import { CAPABILITIES } from '#lib/plan/constants.js';
import { AUDIT_ARCH } from '#lib/seccomp/bpf.js';
import { SYSCALLS } from '#lib/seccomp/syscalls.js';
import { runFilter } from '../support/bpf.js';
import { namespaceRoot, root, user } from '../support/hosts.js';
import { all, has, only, plain, plan } from '../support/plans.js';
import { ALLOWED, errnoVerdict } from '../support/profiles.js';

const EPERM = errnoVerdict('EPERM');
const KILLED = 0x80000000;

function profileWith(...syscalls: readonly object[]): SeccompProfile {
  return checkSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }) as SeccompProfile;
}

describe('in a plan', () => {
  test('the filter is the last step before the ending, for every kind of start', () => {
    const boxes = [
      plain,
      plain.init(false),
      plain.namespaces([]),
      plain.user(5),
      plain.namespaces([{ user: '/proc/1/ns/user' }]),
    ];
    for (const box of boxes)
      for (const host of [root, namespaceRoot]) {
        const { steps } = plan(box, host);
        assert.deepEqual(
          steps.slice(-3).map(({ op }) => op),
          ['noNewPrivileges', 'seccomp', 'exec'],
        );
      }
  });

  test('with a report it stands at the same place, with the same filter, and one that asks the supervisor', () => {
    const boxes = [plain, plain.init(false), plain.namespaces([]), plain.noNewPrivileges(false)];
    for (const box of boxes)
      for (const host of [root, user]) {
        const made = plan(box, host);
        const told = plan(box.seccomp('default', { report: true }), host);
        assert.deepEqual(
          told.steps.map(({ op }) => (op === 'seccompReport' ? 'seccomp' : op)),
          made.steps.map(({ op }) => op),
        );
        const { filter, reported, slot, flags } = only(told.steps, 'seccompReport');
        const step = only(made.steps, 'seccomp');
        assert.deepEqual([filter, flags], [step.filter, step.flags]);
        assert.notDeepEqual(reported, filter);
        assert.deepEqual(told.slots[slot], 'listener');
        assert.deepEqual(plan(box.seccomp('default', { report: false }), host), made);
      }
  });

  test('a chain of filters has one listener: with a report that tells who is left of a command that joins', () => {
    const joining = plain.namespaces([{ pid: '/proc/1/ns/pid' }]);
    const [without, told] = [joining, joining.seccomp('default', { report: true })].map((box) => plan(box, root));
    assert.ok(without !== undefined && told !== undefined);
    assert.equal(all(without.steps, 'seccomp').length, 2);
    assert.deepEqual(all(told.steps, 'seccomp'), []);
    assert.equal(only(told.before, 'endDescendants').listener, only(told.steps, 'seccompReport').slot);
    assert.equal(told.slots.length, without.slots.length);
  });

  test('a report leaves out what the kernel does not take with a listener', () => {
    const flags = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG'] as const;
    const box = plain.seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [], flags }, { report: true });
    assert.deepEqual(only(plan(box).steps, 'seccompReport').flags, ['SECCOMP_FILTER_FLAG_LOG']);
    assert.match(box.explain('true'), /seccomp: a filter of \d+ instructions, and what it refuses is told to Node/);
  });

  test('unconfined has none', () => assert.equal(has(plan(plain.seccomp('unconfined')), 'seccomp'), false));

  test('it is that of the architecture and of the capabilities', () => {
    const [one, other] = [only(plan(plain, root).steps, 'seccomp'), only(plan(plain, namespaceRoot).steps, 'seccomp')];
    const number = SYSCALLS.x64.openat ?? 0;
    assert.equal(runFilter(one.filter, { number, arch: AUDIT_ARCH.x64 }).verdict, ALLOWED);
    assert.equal(runFilter(other.filter, { number, arch: AUDIT_ARCH.x64 }).verdict, KILLED);
    const admin = only(plan(plain.capabilities({ add: ['CAP_SYS_ADMIN'] })).steps, 'seccomp');
    const mount = { number: SYSCALLS.x64.mount ?? 0, arch: AUDIT_ARCH.x64 };
    assert.deepEqual(
      [one, admin].map(({ filter }) => runFilter(filter, mount).verdict),
      [EPERM, ALLOWED],
    );
  });

  test('flags of the profile are those of the step', () => {
    const box = plain.seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [], flags: ['SECCOMP_FILTER_FLAG_LOG'] });
    assert.deepEqual(only(plan(box).steps, 'seccomp').flags, ['SECCOMP_FILTER_FLAG_LOG']);
    assert.match(box.explain('true'), /seccomp: a filter of \d+ instructions, log/);
  });

  test('without no_new_privs it is loaded while CAP_SYS_ADMIN is held, and the capabilities go through it', () => {
    const { steps } = plan(plain.noNewPrivileges(false).user(5));
    assert.deepEqual(
      steps.slice(-4).map(({ op }) => op),
      ['setCapabilities', 'seccomp', 'setCapabilities', 'exec'],
    );
    const [first, last] = all(steps, 'setCapabilities');
    assert.deepEqual([first?.effective, last?.effective], [['CAP_SYS_ADMIN'], []]);
    assert.throws(
      () =>
        plan(plain.noNewPrivileges(false).namespaces([]), {
          ...root,
          capabilities: (1n << 41n) - 1n - CAPABILITIES.CAP_SYS_ADMIN,
        }),
      {
        message: /^noNewPrivileges\(false\) needs CAP_SYS_ADMIN here/,
      },
    );
  });

  test('a step of the caller’s before exec is no program’s: it comes before the filter', () => {
    const box = plain.step({ op: 'setHostname', hostname: 'other' }, { before: 'exec' });
    assert.deepEqual(
      plan(box)
        .steps.slice(-3)
        .map(({ op }) => op),
      ['setHostname', 'seccomp', 'exec'],
    );
    const late = plain.step({ op: 'setHostname', hostname: 'other' }, { before: 'seccomp' });
    assert.deepEqual(
      plan(late)
        .steps.slice(-3)
        .map(({ op }) => op),
      ['setHostname', 'seccomp', 'exec'],
    );
  });

  test('a profile that refuses the steps behind it is refused, in a sentence', () => {
    const refusing = (...names: readonly string[]): Container =>
      plain.seccomp(profileWith({ names, action: 'SCMP_ACT_KILL' }));
    assert.throws(() => plan(refusing('execve', 'sendmsg'), user), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: 'seccomp: the profile refuses sendmsg, execve, which carrel\'s own step "exec" needs',
    });
    plan(refusing('capset', 'prctl'));
    assert.throws(() => plan(refusing('prctl').noNewPrivileges(false)), {
      message: /refuses prctl, .* "setCapabilities" needs$/,
    });
  });

  test('where a running container is entered, it has to let the command fork into the pid namespace', () => {
    const all = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'] as const;
    const entering = plain.namespaces(all.map((name) => ({ [name]: `/proc/1/ns/${name}` })));
    const ops = plan(entering).steps.map(({ op }) => op);
    assert.deepEqual(ops.slice(-3), ['seccomp', 'enter', 'exec']);
    const refusing = profileWith({ names: ['clone'], action: 'SCMP_ACT_ERRNO' });
    assert.throws(() => plan(entering.seccomp(refusing)), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: 'seccomp: the profile refuses clone, which carrel\'s own step "enter" needs',
    });
    plan(plain.seccomp(refusing));
    // What makes a /proc of the pid namespace has to be born in it.
    const own = plain.namespaces(['mount', { user: '/proc/1/ns/user', pid: '/proc/1/ns/pid' }]);
    assert.ok(plan(own).steps.every(({ op }) => op !== 'enter'));
  });

  test('a profile of more than 4096 instructions is refused', () => {
    const args = Array.from({ length: 6 }, (_, index) => ({ index, value: 7, op: 'SCMP_CMP_GT' as const }));
    const rules = Object.keys(SYSCALLS.x64).map((name, at) => ({
      names: [name],
      action: 'SCMP_ACT_LOG' as const,
      args: args.map((one) => ({ ...one, value: at })),
    }));
    assert.throws(() => plan(plain.seccomp(profileWith(...rules))), { message: /a filter holds 4096 instructions/ });
  });
});
