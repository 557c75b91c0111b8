/** What is told of refused calls: which ones, and what of their arguments. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkSeccomp, type SeccompProfile } from '#lib/definition/seccomp.js';
import { Container } from '#lib/index.js';
import { CAPABILITIES, type Capability, SECCOMP_ACTIONS } from '#lib/plan/constants.js';
import type { MessageOf } from '#lib/plan/messages.js';
import { type Violation, violationOf } from '#lib/running/violation.js';
import { AUDIT_ARCH, bytesOf, instructionsOf } from '#lib/seccomp/bpf.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { NOTIFIED, reportedRules, toldArguments, toldOf } from '#lib/seccomp/report.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { type Architecture, SYSCALLS } from '#lib/seccomp/syscalls.js';
import { runFilter } from '../support/bpf.js';
import { boundaries, callsOf, errnoVerdict } from '../support/profiles.js';
import { generator } from '../support/random.js';

const capabilities = new Container().toJSON().capabilities as readonly Capability[];
const MACHINES: readonly Machine[] = (['x64', 'arm64'] as const).flatMap((arch) => [
  { arch, kernel: [6, 1] as const, capabilities },
  { arch, kernel: [5, 15] as const, capabilities: Object.keys(CAPABILITIES) as readonly Capability[] },
]);

/** A verdict of the profile, and the one with which it is told. */
function reportedVerdict(name: string, verdict: number): number {
  const isError = (verdict & 0x7fff0000) === 0x50000 && (verdict & 0xffff) !== 0;
  const isUntold = name === 'sendmsg' || (name === 'clone3' && verdict === errnoVerdict('ENOSYS'));
  return isError && !isUntold ? NOTIFIED : verdict;
}

function holds(profile: SeccompProfile, machine: Machine): number {
  const rules = rulesOf(profile, machine);
  const filter = bytesOf(instructionsOf(rules) ?? []);
  const reported = bytesOf(instructionsOf(reportedRules(rules)) ?? []);
  const arch = AUDIT_ARCH[machine.arch];
  const names = new Map(callsOf(machine).map(([name, number]) => [number, name]));
  let told = 0;
  for (let number = 0; number < 600; number += 1) {
    const name = names.get(number) ?? '';
    for (const args of boundaries(profile, name)) {
      const meant = reportedVerdict(name, runFilter(filter, { number, arch, args }).verdict);
      const { verdict } = runFilter(reported, { number, arch, args });
      if (verdict !== meant) assert.equal(verdict, meant, `${name} ${args}`);
      told += verdict === NOTIFIED ? 1 : 0;
    }
  }
  // What is of another architecture ends, or does not exist, as without.
  for (const [number, other] of [
    [1, 0x40000003],
    [0x40000001, AUDIT_ARCH.x64],
  ] as const)
    if (machine.arch === 'x64')
      assert.equal(
        runFilter(reported, { number, arch: other }).verdict,
        runFilter(filter, { number, arch: other }).verdict,
      );
  return told;
}

describe('each refusal by an error is told, and nothing else is changed', () => {
  for (const machine of MACHINES)
    test(`of the default profile: ${machine.arch}, ${machine.capabilities.length} capabilities`, () => {
      assert.ok(holds(DEFAULT_PROFILE, machine) > 100);
    });

  test('of random profiles', () => {
    const random = generator(13);
    for (let round = 0; round < 40; round += 1) {
      const names = callsOf(MACHINES[0] as Machine).map(([name]) => name);
      const profile = checkSeccomp({
        defaultAction: random.pick(Object.keys(SECCOMP_ACTIONS)),
        syscalls: random.list(20, () => ({
          names: [random.pick(names), random.pick(['clone3', 'sendmsg', 'read'])],
          ...random.pick([
            { action: 'SCMP_ACT_ERRNO', errnoRet: random.pick([0, 1, 38]) },
            { action: random.pick(Object.keys(SECCOMP_ACTIONS)) },
          ]),
          args: random.list(2, () => ({ index: random.below(2), value: random.below(3), op: 'SCMP_CMP_EQ' })),
        })),
      }) as SeccompProfile;
      holds(profile, random.pick(MACHINES));
    }
  });
});

describe('the tables of arguments', () => {
  test('name calls that there are, and arguments that they have', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const { paths, addresses } = toldArguments(arch);
      const numbers = Object.values(SYSCALLS[arch]);
      for (const list of [paths, addresses])
        list.forEach((number, at) => {
          assert.ok(at % 2 === 0 ? numbers.includes(number) : number < 5, `${number}`);
        });
    }
    const all = Object.entries(SYSCALLS.x64).filter(([name]) => toldOf(name) === 'path');
    assert.equal(toldArguments('x64').paths.length, all.length * 2);
  });

  test('a call is about the path that it changes', () => {
    const { paths } = toldArguments('x64');
    const argumentOf = (name: string): number | undefined => paths[paths.indexOf(SYSCALLS.x64[name] ?? -1) + 1];
    assert.deepEqual(
      ['openat', 'mount', 'mkdir', 'mkdirat', 'symlink', 'execve', 'unlinkat'].map(argumentOf),
      [1, 1, 0, 1, 1, 0, 1],
    );
    assert.equal(toldOf('keyctl'), undefined);
    assert.equal(toldOf('constructor'), undefined);
  });
});

describe('a notice becomes a violation', () => {
  const arch = process.arch as Architecture;
  const told = (call: string, rest: Buffer, more: Partial<MessageOf<'violation'>> = {}): Violation => {
    const name = Buffer.from('program');
    const bytes = Buffer.concat([name, rest]);
    const fixed = {
      kind: 'violation',
      supervisor: 1,
      timeS: 1000,
      timeUs: 250_000,
      pid: 77,
      argument: 0,
      error: 1,
    } as const;
    const notice = { ...fixed, nameLength: name.length, bytes, call: SYSCALLS[arch][call] ?? 5000 };
    return violationOf({ ...notice, ...more });
  };
  const about = (call: string, rest: Buffer, more: Partial<MessageOf<'violation'>> = {}): string | undefined => {
    const { path, address } = told(call, rest, more);
    return path ?? address;
  };
  const inet = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

  test('that is frozen, with all that is known', () => {
    const violation = told('mount', Buffer.from('/mnt\0rest'));
    assert.deepEqual(violation, {
      timeMs: 1_000_250,
      pid: 77,
      program: 'program',
      syscall: 'mount',
      path: '/mnt',
      code: 'EPERM',
    });
    assert.ok(Object.isFrozen(violation));
  });

  test('with a path, or without', () => {
    assert.equal(about('openat', Buffer.from('/not/ended')), '/not/ended');
    assert.equal(about('openat', Buffer.from('\0')), '');
    for (const call of ['openat', 'connect', 'bind']) {
      assert.deepEqual(Object.keys(told(call, Buffer.alloc(0))), ['timeMs', 'pid', 'program', 'syscall', 'code']);
    }
    assert.equal(about('keyctl', Buffer.from('/x\0')), undefined);
  });

  test('with an address of each family, however short it is', () => {
    const cases = [
      ['0200 0050 c0000201 0000000000000000', '192.0.2.1:80'],
      ['0a00 01bb 00000000 20010db8000000000000000000000001 00000000', '[2001:db8::1]:443'],
      ['0a00 0001 00000000 00000000000000000000000000000000', '[::]:1'],
      ['0a00 0001 00000000 00010000000000020000000000000003', '[1:0:0:2::3]:1'],
      ['0a00 0001 00000000 00010002000300040005000600070008', '[1:2:3:4:5:6:7:8]:1'],
      ['0a00 0001 00000000 00100000000000000000000000000000', '[10::]:1'],
      ['0a00 0001 00000000 00010000000200030004000500060007', '[1:0:2:3:4:5:6:7]:1'],
      ['0200 0050 c000', 'AF_INET'],
      ['0a00 0050 c000', 'AF_INET6'],
      ['0100 2f746d702f7300 ff', '/tmp/s'],
      ['0100 2f746d702f73', '/tmp/s'],
      ['0100 00616263', '@abc'],
      ['0100', 'AF_UNIX'],
      ['1000 0000', 'AF_NETLINK'],
      ['2800', 'AF_VSOCK'],
      ['ffff', 'family 65535'],
    ] as const;
    for (const [bytes, address] of cases) assert.equal(about('connect', inet(bytes)), address);
    assert.equal(about('connect', inet('02')), undefined);
  });

  test('with the family of a socket', () => {
    assert.equal(about('socket', Buffer.alloc(0), { argument: 17 }), 'AF_PACKET');
    assert.equal(about('socketpair', Buffer.alloc(0), { argument: 45 }), 'AF_MCTP');
    assert.equal(about('socket', Buffer.alloc(0), { argument: 4_000_000_000 }), 'family 4000000000');
  });

  test('whatever its call, error and name are', () => {
    assert.equal(told('no_such_call', Buffer.alloc(0)).syscall, 'syscall_5000');
    assert.equal(told('mount', Buffer.alloc(0), { error: 38 }).code, 'ENOSYS');
    assert.equal(told('mount', Buffer.alloc(0), { error: 4000 }).code, 'E4000');
    assert.equal(told('mount', Buffer.alloc(0), { nameLength: 0, bytes: Buffer.from('/x\0') }).program, '');
  });
});
