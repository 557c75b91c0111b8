/**
 * Mutated seccomp profiles are refused in a sentence, or become a filter that says of each call what the profile means.
 *
 * `CARREL_FUZZ_SEED` and `CARREL_FUZZ_ROUNDS` go further.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSeccomp, type SeccompProfile } from '#lib/definition/seccomp.js';
import { CAPABILITIES, type Capability } from '#lib/plan/constants.js';
import { AUDIT_ARCH, bytesOf, instructionsOf } from '#lib/seccomp/bpf.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { runFilter } from '../support/bpf.js';
import { attempt, mutate, ROUNDS, SEED, seen } from '../support/mutating.js';
import { boundaries, callsOf, meaning } from '../support/profiles.js';
import { generator, type Random } from '../support/random.js';

const EVERY = Object.keys(CAPABILITIES) as readonly Capability[];
const MACHINES: readonly Machine[] = (['x64', 'arm64'] as const).flatMap((arch) => [
  { arch, kernel: [6, 1] as const, capabilities: [] },
  { arch, kernel: [6, 18] as const, capabilities: EVERY },
]);
/** Of the calls that a profile names; the others are all the same to it. */
const CALLS_MOST = 8;

/** With everything that a profile can have. */
const WRITTEN = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
  syscalls: [
    { names: ['read', 'write', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
    { names: ['ptrace'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_SYS_PTRACE'] } },
    {
      names: ['clone', 'ioctl'],
      action: 'SCMP_ACT_ALLOW',
      args: [
        { index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
        { index: 1, value: 5, op: 'SCMP_CMP_NE' },
      ],
      includes: { minKernel: '4.8', arches: ['amd64', 'arm64'] },
    },
    { names: ['socket'], action: 'SCMP_ACT_KILL_PROCESS', args: [{ index: 0, value: 40, op: 'SCMP_CMP_GE' }] },
    { names: ['socket', 'open'], action: 'SCMP_ACT_LOG', args: [{ index: 5, value: 2 ** 33, op: 'SCMP_CMP_LT' }] },
  ],
};

/** Compares the filter with the meaning, where the profile says something, and at one number where it does not. */
function holds(profile: SeccompProfile, machine: Machine, random: Random, what: () => string): void {
  const instructions = instructionsOf(rulesOf(profile, machine));
  // Longer than the kernel takes: refused later, in a sentence of its own.
  if (instructions === undefined) return;
  const program = bytesOf(instructions);
  const arch = AUDIT_ARCH[machine.arch];
  const named = new Set(profile.syscalls.flatMap(({ names }) => names));
  const calls = callsOf(machine).filter(([name]) => named.has(name));
  const some = Array.from({ length: Math.min(CALLS_MOST, calls.length) }, () => random.pick(calls));
  for (const [name, number] of [...some, random.pick(callsOf(machine)), ['', 9999] as const])
    for (const args of boundaries(profile, name).slice(0, 2000)) {
      const { verdict } = runFilter(program, { number, arch, args });
      if (verdict !== meaning(profile, machine, name, args)) assert.fail(`${name}(${args.join(', ')}): ${what()}`);
    }
}

test('mutated profiles', () => {
  let taken = 0;
  for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
    const random = generator(seed);
    const from = random.below(8) === 0 ? DEFAULT_PROFILE : WRITTEN;
    const value = mutate(from, random);
    const what = seen(seed, value);
    const profile = attempt(() => checkSeccomp(value) as SeccompProfile, what);
    if (profile === undefined || typeof profile === 'string') continue;
    const machine = random.pick(MACHINES);
    if (attempt(() => rulesOf(profile, machine), what) === undefined) continue;
    taken += 1;
    holds(profile, machine, random, what);
  }
  assert.ok(taken > ROUNDS / 10 && taken < ROUNDS, `${taken} of ${ROUNDS} were taken`);
});
