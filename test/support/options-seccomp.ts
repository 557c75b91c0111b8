/** Profiles of a definition: those that are taken, what becomes of them, and what is refused. */

import type { Case, Option, Wrong } from './options.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const ALLOW = 'SCMP_ACT_ALLOW';
const ERRNO = 'SCMP_ACT_ERRNO';

const profile = (...syscalls: readonly unknown[]): object => ({ defaultAction: ALLOW, syscalls });
const rule = (changes: object): object => profile({ names: ['ptrace'], action: ALLOW, ...changes });
const compared = (changes: object): object => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...changes }] });
const same = (value: object): Case => [value, value];

/** A rule, and what it becomes. */
const becomes = (given: object, held: object): Case => [rule(given), rule(held)];
const argument = (given: object, held: object): Case => [compared(given), compared(held)];
const wrongRule = (changes: object, code: string): Wrong => [rule(changes), code];
const wrongArgument = (changes: object, code: string): Wrong => [compared(changes), code];

export const SECCOMP_OPTION: Option = {
  unset: 'default',
  right: [
    ['default', 'default'],
    ['unconfined', 'unconfined'],
    same({ profile: 'default', report: true }),
    [{ profile: 'default', report: false }, 'default'],
    [{ profile: 'unconfined', report: undefined }, 'unconfined'],
    [
      { profile: undefined, report: true },
      { profile: 'default', report: true },
    ],
    [
      { profile: { defaultAction: ALLOW }, report: true },
      { profile: profile(), report: true },
    ],
    same(profile()),
    [{ defaultAction: ALLOW }, profile()],
    [{ defaultAction: ALLOW, syscalls: null, flags: [], architectures: null, archMap: [] }, profile()],
    [
      { defaultAction: ERRNO, flags: ['SECCOMP_FILTER_FLAG_LOG'] },
      { defaultAction: ERRNO, defaultErrnoRet: 1, flags: ['SECCOMP_FILTER_FLAG_LOG'], syscalls: [] },
    ],
    [
      { defaultAction: ERRNO, defaultErrno: 'ENOSYS' },
      { defaultAction: ERRNO, defaultErrnoRet: 38, syscalls: [] },
    ],
    [{ defaultAction: ALLOW, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'] }, profile()],
    [
      {
        defaultAction: ALLOW,
        archMap: [{ architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null }, { architecture: 'SCMP_ARCH_ARM' }],
      },
      profile(),
    ],
    same(rule({ names: ['ptrace', 'no_such_call'] })),
    [profile({ name: 'ptrace', action: ALLOW }), rule({})],
    becomes({ name: '', comment: 'why', args: null, includes: null, excludes: {} }, {}),
    becomes({ action: ERRNO }, { action: ERRNO, errnoRet: 1 }),
    becomes({ action: ERRNO, errnoRet: 0 }, { action: ERRNO, errnoRet: 0 }),
    becomes({ action: ERRNO, errno: 'EPERM', errnoRet: 1 }, { action: ERRNO, errnoRet: 1 }),
    becomes({ action: ERRNO, errno: 'ENOSYS' }, { action: ERRNO, errnoRet: 38 }),
    becomes({ action: 'SCMP_ACT_TRACE', errnoRet: 65_535 }, { action: 'SCMP_ACT_TRACE', errnoRet: 65_535 }),
    becomes({ action: 'SCMP_ACT_KILL', errnoRet: 0 }, { action: 'SCMP_ACT_KILL' }),
    same(rule({ includes: { caps: ['CAP_SYS_ADMIN'], arches: ['amd64'], minKernel: '4.8' } })),
    same(rule({ excludes: { caps: [], arches: [] } })),
    becomes({ includes: { caps: ['CAP_BPF', 'CAP_BPF'], minKernel: '' } }, { includes: { caps: ['CAP_BPF'] } }),
    argument({ valueTwo: 0 }, {}),
    argument({ value: '7' }, { value: 7 }),
    argument({ value: '0xFFFFFFFFFFFFFFFF' }, { value: '0xffffffffffffffff' }),
    argument(
      { value: 0xf0, valueTwo: 0x30, op: 'SCMP_CMP_MASKED_EQ' },
      { value: 0xf0, valueTwo: 0x30, op: 'SCMP_CMP_MASKED_EQ' },
    ),
    argument({ value: 0xf0, op: 'SCMP_CMP_MASKED_EQ' }, { value: 0xf0, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
  ],
  wrong: [
    ['none', VALUE],
    [true, TYPE],
    [[], TYPE],
    [{}, TYPE],
    [{ profile: 'unconfined', report: true }, VALUE],
    [{ profile: 'default', report: 'yes' }, TYPE],
    [{ profile: 'none' }, VALUE],
    [{ profile: { profile: 'default', report: true } }, VALUE],
    [{ profile: 'default', reports: true }, VALUE],
    [{ report: true }, VALUE],
    [{ defaultAction: 'ALLOW' }, VALUE],
    [{ defaultAction: 'SCMP_ACT_NOTIFY' }, VALUE],
    [{ defaultAction: ALLOW, rules: [] }, VALUE],
    [{ defaultAction: ALLOW, defaultErrnoRet: 1 }, VALUE],
    [{ defaultAction: ERRNO, defaultErrnoRet: 38, defaultErrno: 'EPERM' }, VALUE],
    [{ defaultAction: ALLOW, flags: ['SECCOMP_FILTER_FLAG_NEW_LISTENER'] }, VALUE],
    [{ defaultAction: ALLOW, flags: 'SECCOMP_FILTER_FLAG_LOG' }, TYPE],
    [{ defaultAction: ALLOW, architectures: ['x86_64'] }, VALUE],
    [{ defaultAction: ALLOW, archMap: [{ subArchitectures: [] }] }, TYPE],
    [{ defaultAction: ALLOW, syscalls: {} }, TYPE],
    [profile(null), TYPE],
    [profile({ action: ALLOW }), VALUE],
    [profile({ names: ['a'], name: 'b', action: ALLOW }), VALUE],
    wrongRule({ names: [] }, VALUE),
    wrongRule({ names: 'ptrace' }, TYPE),
    wrongRule({ names: [1] }, TYPE),
    wrongRule({ names: ['a b'] }, VALUE),
    wrongRule({ names: [''] }, VALUE),
    wrongRule({ action: undefined }, TYPE),
    wrongRule({ errnoRet: 1 }, VALUE),
    wrongRule({ action: 'SCMP_ACT_KILL', errno: 'EPERM' }, VALUE),
    wrongRule({ action: ERRNO, errnoRet: 4096 }, RANGE),
    wrongRule({ action: ERRNO, errnoRet: -1 }, RANGE),
    wrongRule({ action: 'SCMP_ACT_TRACE', errnoRet: 65_536 }, RANGE),
    wrongRule({ action: ERRNO, errno: 'ENOTHING' }, VALUE),
    wrongRule({ args: {} }, TYPE),
    wrongRule({ args: [1] }, TYPE),
    wrongRule({ arg: [] }, VALUE),
    wrongRule({ includes: [] }, TYPE),
    wrongRule({ includes: { cap: [] } }, VALUE),
    wrongRule({ includes: { caps: ['SYS_ADMIN'] } }, VALUE),
    wrongRule({ excludes: { arches: 'amd64' } }, TYPE),
    wrongRule({ excludes: { minKernel: '4' } }, VALUE),
    wrongRule({ excludes: { minKernel: 4.8 } }, TYPE),
    wrongArgument({ index: 6 }, RANGE),
    wrongArgument({ index: '0' }, TYPE),
    wrongArgument({ op: 'EQ' }, VALUE),
    wrongArgument({ value: undefined }, TYPE),
    wrongArgument({ value: -1 }, RANGE),
    wrongArgument({ value: 2 ** 53 }, RANGE),
    wrongArgument({ value: '0x10000000000000000' }, VALUE),
    wrongArgument({ value: '18446744073709551616' }, RANGE),
    wrongArgument({ value: 'ten' }, VALUE),
    wrongArgument({ valueTwo: 1 }, VALUE),
    wrongArgument({ valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' }, VALUE),
  ],
};
