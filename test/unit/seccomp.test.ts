/** A profile becomes a filter that says of every call what the profile means. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkSeccomp, type SeccompProfile, type SeccompRule } from '#lib/definition/seccomp.js';
import { Container } from '#lib/index.js';
import { CAPABILITIES, type Capability, SECCOMP_ACTIONS, type SeccompAction } from '#lib/plan/constants.js';
import { AUDIT_ARCH, bytesOf, instructionsOf } from '#lib/seccomp/bpf.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { FOREIGN_SYSCALLS, SYSCALLS } from '#lib/seccomp/syscalls.js';
import { runFilter } from '../support/bpf.js';
import { ALLOWED, boundaries, callsOf, errnoVerdict, meaning, profileOf } from '../support/profiles.js';
import { generator } from '../support/random.js';
import { requires } from '../support/requires.js';

const EVERY = Object.keys(CAPABILITIES) as readonly Capability[];
const DOCKERS = new Container().toJSON().capabilities as readonly Capability[];
const MACHINES: readonly Machine[] = (['x64', 'arm64'] as const).flatMap((arch) => [
  { arch, kernel: [6, 1] as const, capabilities: DOCKERS },
  { arch, kernel: [4, 7] as const, capabilities: [] },
  { arch, kernel: [6, 18] as const, capabilities: EVERY },
]);
const [X64, , , ARM64] = MACHINES as [Machine, Machine, Machine, Machine];

const ENOSYS = errnoVerdict('ENOSYS');
const EPERM = errnoVerdict('EPERM');
const KILLED = 0x80000000;

function compiled(profile: SeccompProfile, machine: Machine): Uint8Array {
  const instructions = instructionsOf(rulesOf(profile, machine));
  assert.ok(instructions !== undefined);
  return bytesOf(instructions);
}

/** What the filter says of a call by its name. */
function verdict(profile: SeccompProfile, machine: Machine, name: string, ...args: readonly bigint[]): number {
  const number = SYSCALLS[machine.arch][name];
  assert.ok(number !== undefined, name);
  return runFilter(compiled(profile, machine), { number, arch: AUDIT_ARCH[machine.arch], args }).verdict;
}

/** Compares the filter with the profile's meaning: every number, and the boundaries of every argument. */
function holds(profile: SeccompProfile, machine: Machine): void {
  const program = compiled(profile, machine);
  const arch = AUDIT_ARCH[machine.arch];
  const names = new Map(callsOf(machine).map(([name, number]) => [number, name]));
  for (let number = 0; number < 600; number += 1) {
    const name = names.get(number) ?? '';
    for (const args of boundaries(profile, name)) {
      const told = runFilter(program, { number, arch, args }).verdict;
      const meant = meaning(profile, machine, name, args);
      if (told !== meant) assert.equal(told.toString(16), meant.toString(16), `${number} ${name}(${args.join(', ')})`);
    }
  }
  const beyond = [0x3fffffff, 0x40000000, 0x40000001, 0x400001ff, 0x7fffffff, 0x80000000, 0xffffffff];
  for (const number of beyond) {
    const meant = machine.arch === 'x64' && number >= 0x40000000 ? ENOSYS : meaning(profile, machine, '', []);
    assert.equal(runFilter(program, { number, arch }).verdict, meant, `number ${number}`);
  }
  for (const other of [0, 0x40000003, 0x40000028, 0xc00000b7, 0xc000003e].filter((one) => one !== arch))
    for (const number of [0, 1, 59, 0x40000000])
      assert.equal(runFilter(program, { number, arch: other }).verdict, KILLED, `architecture ${other}`);
}

describe('a filter says what its profile means', () => {
  for (const machine of MACHINES) {
    const where = `${machine.arch}, Linux ${machine.kernel.join('.')}, ${machine.capabilities.length} capabilities`;
    test(`the default one: ${where}`, () => holds(DEFAULT_PROFILE, machine));
    for (const whose of ['docker', 'podman'] as const)
      test(`${whose}’s: ${where}`, requires('profiles'), () => holds(profileOf(whose), machine));
  }

  const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT'].map((name) => `SCMP_CMP_${name}`);
  const VALUES = [0, 1, 5, 0xffffffff, 2 ** 32, 2 ** 32 + 5, '0x8000000000000000', '0xffffffffffffffff'];
  for (const op of OPERATORS)
    test(`${op} of 64 bits`, () => {
      for (const value of VALUES) {
        const rule = { names: ['read'], action: 'SCMP_ACT_LOG', args: [{ index: 3, value, op }] };
        holds(profileWith(rule), X64);
      }
    });

  test('masks of 64 bits', () => {
    for (const [value, valueTwo] of [
      [0, 0],
      [0xff, 0x80],
      ['0xff00000000', 0],
      ['0xf0f0f0f0f0f0f0f0', '0x1010101010101010'],
      ['0xffffffff00000000', '0x100000000'],
    ]) {
      const args = [{ index: 5, value, valueTwo, op: 'SCMP_CMP_MASKED_EQ' }];
      holds(profileWith({ names: ['read'], action: 'SCMP_ACT_TRAP', args }), ARM64);
    }
  });

  test('random profiles, and none that the kernel would not take', () => {
    const random = generator(20261129);
    for (let round = 0; round < 60; round += 1) {
      const names = callsOf(X64).map(([name]) => name);
      const actions = Object.keys(SECCOMP_ACTIONS) as readonly SeccompAction[];
      const profile = checkSeccomp({
        defaultAction: random.pick(actions),
        syscalls: random.list(30, () => ({
          names: [random.pick(names), ...random.list(9, () => random.pick(names)), 'read'],
          action: random.pick(actions),
          args: random.list(2, () => ({
            index: random.below(2),
            value: random.pick(VALUES),
            op: random.pick(OPERATORS),
          })),
        })),
      }) as SeccompProfile;
      holds(profile, random.pick(MACHINES));
    }
  });

  test('a profile that names every call with arguments of its own makes jumps longer than 255 instructions', () => {
    const rules = callsOf(X64)
      .slice(0, 300)
      .map(([name], index) => ({
        names: [name],
        action: 'SCMP_ACT_ERRNO' as const,
        errnoRet: index,
        args: [{ index: 0, value: index, op: 'SCMP_CMP_EQ' as const }],
      }));
    const profile = profileWith(...rules);
    assert.ok(compiled(profile, X64).length / 8 > 1500);
    holds(profile, X64);
  });
});

function profileWith(...syscalls: readonly object[]): SeccompProfile {
  return checkSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }) as SeccompProfile;
}

describe('of several rules that fit', () => {
  const rule = (action: SeccompAction, more: Partial<SeccompRule> = {}): SeccompRule => ({
    names: ['ptrace'],
    action,
    ...more,
  });

  test('the strictest counts, in whatever order', () => {
    const rules = [rule('SCMP_ACT_ALLOW'), rule('SCMP_ACT_ERRNO', { errnoRet: 5 }), rule('SCMP_ACT_LOG')];
    for (const order of [rules, [...rules].reverse()])
      assert.equal(verdict(profileWith(...order), X64, 'ptrace'), 0x50005);
  });

  test('a process that is killed is more than a thread, and both are more than an error', () => {
    const kill = [rule('SCMP_ACT_KILL_THREAD'), rule('SCMP_ACT_ERRNO'), rule('SCMP_ACT_KILL_PROCESS')];
    assert.equal(verdict(profileWith(...kill), X64, 'ptrace'), KILLED);
    assert.equal(verdict(profileWith(...kill.slice(0, 2)), X64, 'ptrace'), 0);
  });

  test('the default counts only where none fits', () => {
    const profile = { defaultAction: 'SCMP_ACT_KILL', syscalls: [rule('SCMP_ACT_ALLOW')] } as const;
    assert.equal(verdict(profile, X64, 'ptrace'), ALLOWED);
    assert.equal(verdict(profile, X64, 'read'), 0);
  });

  test('two comparisons of one argument are alternatives, of two arguments are not', () => {
    const compared = (...indexes: readonly number[]): SeccompProfile =>
      profileWith(
        rule('SCMP_ACT_ERRNO', {
          args: indexes.map((index, at) => ({ index, value: at + 1, op: 'SCMP_CMP_EQ' as const })),
        }),
      );
    assert.deepEqual(
      [1n, 2n, 3n].map((one) => verdict(compared(0, 0), X64, 'ptrace', one)),
      [EPERM, EPERM, ALLOWED],
    );
    assert.equal(verdict(compared(0, 1), X64, 'ptrace', 1n, 2n), EPERM);
    assert.equal(verdict(compared(0, 1), X64, 'ptrace', 1n, 1n), ALLOWED);
  });
});

describe('names that this machine does not have', () => {
  test('are left out where they would be allowed, or are known elsewhere', () => {
    const allow = checkSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['no_such_call', 'socketcall', 'read'], action: 'SCMP_ACT_ALLOW' }],
    }) as SeccompProfile;
    assert.equal(verdict(allow, X64, 'read'), ALLOWED);
    const refuse = profileWith({ names: ['socketcall', 'open', 'arch_prctl'], action: 'SCMP_ACT_ERRNO' });
    assert.equal(rulesOf(refuse, ARM64).calls.size, 0);
    assert.ok(FOREIGN_SYSCALLS.includes('socketcall'));
  });

  test('are an error where they were to be refused: a misspelt one would be allowed', () => {
    const profile = profileWith(
      { names: ['read'], action: 'SCMP_ACT_LOG' },
      { names: ['keyctrl'], action: 'SCMP_ACT_KILL' },
    );
    assert.throws(() => rulesOf(profile, X64), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /^seccomp\.syscalls\[1\]\.names\[0\] must be one of \d+ names.*Did you mean "keyctl"\?$/,
    });
  });
});

describe('the default profile', () => {
  const F = (1n << 32n) as bigint;

  test('each rule says what it is for, and every name in it exists', () => {
    const known = new Set(Object.values(SYSCALLS).flatMap((numbers) => Object.keys(numbers)));
    for (const { comment, names } of DEFAULT_PROFILE.syscalls) {
      assert.match(comment, /^\S.{2,}/);
      for (const name of names) assert.ok(known.has(name), name);
    }
  });

  test('refuses what no namespace holds, whatever capabilities there are', () => {
    for (const machine of MACHINES)
      for (const name of [
        ...['add_key', 'keyctl', 'request_key', 'bpf', 'perf_event_open', 'userfaultfd'],
        ...['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'kexec_load', 'swapon'],
      ])
        assert.equal(verdict(DEFAULT_PROFILE, machine, name), EPERM, name);
  });

  test('four families of sockets, as the kernel’s 32 bits have them', () => {
    for (const machine of MACHINES)
      for (let family = 0n; family < 64n; family += 1n) {
        const expected = [1n, 2n, 10n, 16n].includes(family) ? ALLOWED : errnoVerdict('EAFNOSUPPORT');
        for (const upper of [0n, F, 0xffffffffn << 32n])
          for (const call of ['socket', 'socketpair'])
            assert.equal(verdict(DEFAULT_PROFILE, machine, call, family | upper), expected, `${family}`);
      }
    assert.equal(verdict(DEFAULT_PROFILE, X64, 'socket', 64n), ENOSYS);
  });

  test('TIOCSTI, TIOCLINUX and F_SETLEASE, with whatever is above 32 bits', () => {
    for (const upper of [0n, F, 0xffffffffn << 32n]) {
      assert.equal(verdict(DEFAULT_PROFILE, X64, 'ioctl', 0n, 0x5412n | upper), EPERM);
      assert.equal(verdict(DEFAULT_PROFILE, X64, 'ioctl', 0n, 0x541cn | upper), EPERM);
      assert.equal(verdict(DEFAULT_PROFILE, X64, 'fcntl', 0n, 1024n | upper), EPERM);
    }
    assert.equal(verdict(DEFAULT_PROFILE, X64, 'ioctl', 0n, 0x5413n), ALLOWED);
    assert.equal(verdict(DEFAULT_PROFILE, X64, 'fcntl', 0n, 1025n), ALLOWED);
  });

  test('namespaces and mounts are for CAP_SYS_ADMIN; clone3 does not exist without it', () => {
    const admin: Machine = { ...X64, capabilities: ['CAP_SYS_ADMIN'] };
    for (const name of ['mount', 'umount2', 'unshare', 'setns', 'pivot_root', 'fsopen', 'move_mount']) {
      assert.equal(verdict(DEFAULT_PROFILE, X64, name), EPERM, name);
      assert.equal(verdict(DEFAULT_PROFILE, admin, name), ALLOWED, name);
    }
    for (const bit of [17n, 25n, 26n, 27n, 28n, 29n, 30n]) {
      assert.equal(verdict(DEFAULT_PROFILE, X64, 'clone', (1n << bit) | 17n), EPERM);
      assert.equal(verdict(DEFAULT_PROFILE, admin, 'clone', (1n << bit) | 17n), ALLOWED);
    }
    assert.equal(verdict(DEFAULT_PROFILE, X64, 'clone', 0x3d0f00n), ALLOWED);
    assert.equal(verdict(DEFAULT_PROFILE, X64, 'clone3'), ENOSYS);
    assert.equal(verdict(DEFAULT_PROFILE, admin, 'clone3'), ALLOWED);
  });

  test('calls that are newer than it do not exist; those from 424 on are listed here', () => {
    const program = compiled(DEFAULT_PROFILE, X64);
    const allowed = callsOf(X64)
      .filter(([, number]) => number >= 424)
      .filter(([, number]) => runFilter(program, { number, arch: AUDIT_ARCH.x64 }).verdict === ALLOWED)
      .map(([name]) => name);
    assert.deepEqual(allowed.sort(), [
      ...['close_range', 'epoll_pwait2', 'faccessat2', 'fchmodat2', 'futex_requeue', 'futex_wait', 'futex_waitv'],
      ...['futex_wake', 'getxattrat', 'landlock_add_rule', 'landlock_create_ruleset', 'landlock_restrict_self'],
      ...['listxattrat', 'map_shadow_stack', 'memfd_secret', 'mseal', 'openat2', 'pidfd_open', 'pidfd_send_signal'],
      ...['process_mrelease', 'removexattrat', 'setxattrat'],
    ]);
    for (const number of [470, 512, 1000])
      assert.equal(runFilter(program, { number, arch: AUDIT_ARCH.x64 }).verdict, ENOSYS);
  });

  test('is small, and says in a few steps what it says of calls that have no arguments', () => {
    const program = compiled(DEFAULT_PROFILE, X64);
    assert.ok(program.length / 8 <= 200, `${program.length / 8} instructions`);
    const steps = callsOf(X64).map(([, number]) => runFilter(program, { number, arch: AUDIT_ARCH.x64 }).steps);
    assert.ok(steps.reduce((sum, one) => sum + one, 0) / steps.length < 12, `${steps.length}`);
  });

  test('differs from Docker’s in what it says, and in nothing else', requires('profiles'), () => {
    const docker = profileOf('docker');
    const loose = callsOf(X64)
      .filter(([name]) => meaning(docker, X64, name, []) !== ALLOWED)
      .filter(([name]) => verdict(DEFAULT_PROFILE, X64, name) === ALLOWED)
      .map(([name]) => name);
    // Docker 20.10, which Debian has, is older than these calls, or refuses them where later ones do not.
    assert.deepEqual(
      loose.sort(),
      [
        ...['fchmodat2', 'futex_requeue', 'futex_wait', 'futex_wake', 'getxattrat', 'listxattrat', 'map_shadow_stack'],
        ...['mseal', 'name_to_handle_at', 'pkey_alloc', 'pkey_free', 'pkey_mprotect', 'process_vm_readv'],
        ...['process_vm_writev', 'removexattrat', 'setxattrat', 'uprobe', 'uretprobe'],
      ].filter((name) => loose.includes(name)),
    );
  });
});
