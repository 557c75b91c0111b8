/** libseccomp, which Docker and Podman use, makes filters of the same profiles that give the same verdicts. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SeccompProfile, SeccompRule } from '#lib/definition/seccomp.js';
import { CAPABILITIES, type Capability } from '#lib/plan/constants.js';
import { AUDIT_ARCH, bytesOf, instructionsOf } from '#lib/seccomp/bpf.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { runFilter } from '../support/bpf.js';
import { byLibseccomp } from '../support/libseccomp.js';
import { boundaries, callsOf, countingRules, profileOf } from '../support/profiles.js';
import { requires } from '../support/requires.js';

const EVERY = Object.keys(CAPABILITIES) as readonly Capability[];
const arch = process.arch as Machine['arch'];

/** Names that two rules without arguments say different things of. */
function disputedBy(rules: readonly SeccompRule[]): readonly string[] {
  const saying = new Map<string, Set<string>>();
  for (const { names, action, args = [] } of rules)
    for (const name of args.length === 0 ? names : []) saying.set(name, (saying.get(name) ?? new Set()).add(action));
  return [...saying].filter(([, actions]) => actions.size > 1).map(([name]) => name);
}

function compare(
  profile: SeccompProfile,
  machine: Machine,
  verdictOf: (name: string, number: number, args: readonly bigint[]) => number | undefined,
): void {
  const instructions = instructionsOf(rulesOf(profile, machine));
  assert.ok(instructions !== undefined);
  const own = bytesOf(instructions);
  let compared = 0;
  for (const [name, number] of callsOf(machine))
    for (const args of boundaries(profile, name)) {
      const theirs = verdictOf(name, number, args);
      if (theirs === undefined) continue;
      compared += 1;
      const ours = runFilter(own, { number, arch: AUDIT_ARCH[arch], args }).verdict;
      if (ours !== theirs) assert.equal(ours.toString(16), theirs.toString(16), `${name}(${args.join(', ')})`);
    }
  assert.ok(compared > 400);
}

describe('the same verdicts as libseccomp', requires('libseccomp'), () => {
  const docker = ['CAP_CHOWN', 'CAP_SYS_CHROOT', 'CAP_AUDIT_WRITE'] as const;
  for (const capabilities of [docker, [], EVERY] as const) {
    const machine: Machine = { arch, kernel: [6, 1], capabilities };
    for (const whose of ['docker', 'podman'] as const)
      test(`${whose}’s profile, ${capabilities.length} capabilities`, requires('profiles'), () => {
        const profile = profileOf(whose);
        const rules = countingRules(profile, machine);
        const disputed = disputedBy(rules);
        // Podman's has it in both lists. libseccomp takes the first, carrel the strictest.
        assert.deepEqual(disputed, whose === 'podman' && capabilities !== EVERY ? ['setns'] : []);
        const { program, unknown } = byLibseccomp(rules, [profile.defaultAction, profile.defaultErrnoRet ?? 0]);
        compare(profile, machine, (name, number, args) =>
          unknown.has(name) || disputed.includes(name)
            ? undefined
            : runFilter(program, { number, arch: AUDIT_ARCH[arch], args }).verdict,
        );
      });

    test(`the default profile, ${capabilities.length} capabilities`, () => {
      const rules = countingRules(DEFAULT_PROFILE, machine);
      const refusals = rules.filter(({ action }) => action !== 'SCMP_ACT_ALLOW');
      const permissions = rules.filter(({ action }) => action === 'SCMP_ACT_ALLOW');
      // A rule without arguments makes libseccomp forget those with arguments. The kernel takes the stricter verdict of
      // two filters, as carrel does of two rules: what refuses is one filter, what allows another one.
      const refuse = byLibseccomp(refusals, ['SCMP_ACT_ALLOW', 0]);
      const allow = byLibseccomp(permissions, ['SCMP_ACT_ERRNO', DEFAULT_PROFILE.defaultErrnoRet ?? 0]);
      compare(DEFAULT_PROFILE, machine, (name, number, args) => {
        if (refuse.unknown.has(name)) return undefined;
        const call = { number, arch: AUDIT_ARCH[arch], args };
        const refused = runFilter(refuse.program, call).verdict;
        return refused === 0x7fff0000 ? runFilter(allow.program, call).verdict : refused;
      });
    });
  }
});
