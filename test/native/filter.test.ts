/** The launcher's interpreter of filters gives the verdicts that the kernel's rules give. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkSeccomp, type SeccompProfile } from '#lib/definition/seccomp.js';
import { Container } from '#lib/index.js';
import { type Capability, SECCOMP_ACTIONS } from '#lib/plan/constants.js';
import { ALLOW_ALL, AUDIT_ARCH, bytesOf, type Instruction, instructionsOf } from '#lib/seccomp/bpf.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { reportedRules } from '#lib/seccomp/report.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { type Call, dataOf, runFilter } from '../support/bpf.js';
import { boundaries, callsOf } from '../support/profiles.js';
import { generator } from '../support/random.js';
import { requires } from '../support/requires.js';
import { onceForLeg } from '../support/temporary.js';

const fromHere = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const X64: Machine = {
  arch: 'x64',
  kernel: [6, 1],
  capabilities: new Container().toJSON().capabilities as readonly Capability[],
};

/** The verdicts in C; `undefined` where it does not run the program. */
function verdictsInC(program: Uint8Array, calls: readonly Call[]): readonly number[] | undefined {
  const directory = onceForLeg('filter', (made) => {
    const sources = [fromHere('test/support/filter.c'), fromHere('src-native/launcher/filter.c')];
    const sanitized = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    execFileSync('gcc', ['-std=gnu17', '-g', '-O1', ...sanitized, '-o', join(made, 'filter'), ...sources]);
  });
  const file = join(process.env.TMPDIR ?? '/tmp', 'program');
  writeFileSync(file, program);
  const input = Buffer.concat(calls.map((call) => Buffer.from(dataOf(call).buffer)));
  const output = execFileSync(join(directory, 'filter'), [file], { input, maxBuffer: 2 ** 28 }).toString();
  const [runs, ...verdicts] = output.trimEnd().split('\n').map(Number);
  return runs === 1 ? verdicts : undefined;
}

function holds(profile: SeccompProfile): void {
  const names = new Map(callsOf(X64).map(([name, number]) => [number, name]));
  const arch = AUDIT_ARCH.x64;
  const calls: Call[] = Array.from({ length: 600 }, (_, number) =>
    boundaries(profile, names.get(number) ?? '').map((args) => ({ number, arch, args })),
  ).flat();
  calls.push({ number: 1, arch: 0x40000003 }, { number: 0x40000001, arch }, { number: 0xffffffff, arch });
  const rules = rulesOf(profile, X64);
  for (const one of [rules, reportedRules(rules)]) {
    const program = bytesOf(instructionsOf(one) ?? []);
    const verdicts = verdictsInC(program, calls);
    for (const [index, call] of calls.entries()) {
      const { verdict } = runFilter(program, call);
      // A comparison of whole lists shows thousands of lines.
      if (verdicts?.[index] !== verdict) assert.equal(verdicts?.[index], verdict, `${call.number} ${call.args}`);
    }
    assert.equal(verdicts?.length, calls.length);
  }
}

suite('the interpreter in C', requires('gcc'), () => {
  test('says of every call what the one in TypeScript says: the default profile', () => holds(DEFAULT_PROFILE));

  test('random profiles', () => {
    const random = generator(20261130);
    const names = callsOf(X64).map(([name]) => name);
    for (let round = 0; round < 8; round += 1)
      holds(
        checkSeccomp({
          defaultAction: random.pick(Object.keys(SECCOMP_ACTIONS)),
          syscalls: random.list(20, () => ({
            names: [random.pick(names), 'read'],
            action: random.pick(Object.keys(SECCOMP_ACTIONS)),
            args: random.list(2, () => ({
              index: random.below(2) * 5,
              value: random.pick([0, 1, 0xffffffff, 2 ** 32 + 5, '0xffffffffffffffff']),
              op: random.pick(['SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_MASKED_EQ']),
            })),
          })),
        }) as SeccompProfile,
      );
  });

  test('runs no program that leads outside, or has instructions that carrel does not write', () => {
    const end: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0 };
    const one = (code: number, k = 0, jt = 0, jf = 0): Uint8Array => bytesOf([{ code, jt, jf, k }, end]);
    const call = { number: 1, arch: AUDIT_ARCH.x64 };
    assert.deepEqual(verdictsInC(ALLOW_ALL, [call]), [0x7fff0000]);
    for (const right of [one(0x20, 60), one(0x54), one(0x05), one(0x15), one(0x45)])
      assert.deepEqual(verdictsInC(right, [call]), [0]);
    const wrong = [
      new Uint8Array(),
      ALLOW_ALL.subarray(1),
      one(0x20, 64),
      one(0x20, 3),
      one(0x20, 0xfffffffc),
      one(0x05, 1),
      one(0x05, 0xffffffff),
      one(0x15, 0, 1),
      one(0x45, 0, 0, 255),
      one(0x16),
      one(0x04),
      one(0x80),
      one(0x07),
      bytesOf([{ code: 0x20, jt: 0, jf: 0, k: 0 }]),
      bytesOf([{ code: 0x54, jt: 0, jf: 0, k: 0 }]),
    ];
    for (const program of wrong)
      assert.equal(verdictsInC(program, [call]), undefined, Buffer.from(program).toString('hex'));
  });
});
