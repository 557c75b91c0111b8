/** The doctor's tables: every step has a trial that tries it, and what follows for each option is said. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { define } from '#lib/definition/definition.js';
import { planOf } from '#lib/doctor/attempt.js';
import type { Finding } from '#lib/doctor/findings.js';
import { judge } from '#lib/doctor/judge.js';
import { DEFAULT, samplesFor } from '#lib/doctor/options.js';
import { trialsFor } from '#lib/doctor/trials.js';
import { needsOf } from '#lib/doctor/tried-by.js';
import { cgroupUnavailable } from '#lib/errors/errors.js';
import type { Plan } from '#lib/plan/plan.js';
import { type Op, PLANNED_OPS, type Step } from '#lib/plan/steps.js';
import { root, user } from '../support/hosts.js';
import { planned } from '../support/observed.js';

const withAll = { landlock: { version: 7 }, labels: {} } as const;
const grounds = {
  root: { host: { ...root, ...withAll }, path: '/srv/box', cpu: 0 },
  user: { host: { ...user, ...withAll }, path: '/srv/box', cpu: 0 },
} as const;

/** Steps that no trial has: each with where its calls are tried. */
const ELSEWHERE: Readonly<Partial<Record<Op, string>>> = {
  omit: 'does nothing',
  assertRefused: 'is for plans made by hand',
  awaitPlan: 'reads what every child could read',
  enter: 'is clone(2) once more, into what "joined namespaces" joins',
  give: 'sends descriptors by the socket that every child has',
  copyPermissions: 'fchmod(2), as the chmod step’s, and fchown(2), as that of "pipes"',
  hold: 'ends as exit does',
  openDirectory: 'opens /proc, which the launcher’s own start needs',
  exec: 'is tried by the container',
  serve: 'is tried by the container, as exec is',
  umask: 'cannot fail',
  newuidmap: 'is tried by the finding "subordinate ids"',
  newgidmap: 'is tried by the finding "subordinate ids"',
  connectNetwork: 'is tried by the finding "way out"',
  removeTarget: 'unlinkat(2) and flock(2), as makeTarget’s',
  rmdir: 'is about an overlay’s work directory on disk',
  setExecLabel: 'is about what the host’s policy has',
  addPortRule: 'landlock_add_rule(2), as addPathRule’s',
  seccompReport: 'seccomp(2) with a listener, as the seccomp step’s of "seccomp listener"',
  openCgroup: 'opens what makeCgroup opens',
  nestCgroup: 'mkdirat(2) and flock(2), as makeCgroup’s',
  limitCpuTime: 'reads what readCounter reads',
};

function opsOf({ before, steps, after }: Plan): readonly Op[] {
  const inside = steps.flatMap((step): readonly Step[] => (step.op === 'barrier' ? [step, ...step.acts] : [step]));
  return [...before, ...inside, ...after].map(({ op }) => op);
}

describe('trials', () => {
  const all = Object.values(grounds).flatMap((ground) => trialsFor(ground).map((trial) => ({ trial, ground })));

  test('every step is in the plan of a trial, or it is said where it is tried', () => {
    const tried = new Set(all.flatMap(({ trial, ground }) => opsOf(planOf(trial, ground.host))));
    const untried = PLANNED_OPS.filter((op) => !tried.has(op));
    assert.deepEqual(untried.sort(), Object.keys(ELSEWHERE).sort());
  });

  test('a trial that a step is said to need has that step, or is about the same calls', () => {
    for (const { trial, ground } of all) {
      const plan = planOf(trial, ground.host);
      assert.ok(
        needsOf(plan).has(trial.name) || ALIKE.includes(trial.name),
        `${trial.name} is not among what its own plan needs: ${[...needsOf(plan)].join()}`,
      );
    }
  });

  test('each name once', () => {
    for (const ground of Object.values(grounds)) {
      const names = trialsFor(ground).map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)]);
    }
  });
});

/** Trials that options name themselves, since plans do not show them. */
const ALIKE: readonly string[] = ['higher rlimits', 'lower nice', 'lower oom_score_adj', 'private layers'];

describe('options', () => {
  for (const [who, ground] of Object.entries(grounds))
    test(`${who}: each sample is a definition, and needs trials that are made here`, () => {
      const names = new Set<string>([...trialsFor(ground).map(({ name }) => name), 'subordinate ids', 'way out']);
      for (const sample of samplesFor(ground)) {
        define(undefined, sample.definition);
        const plan = planned(ground.host)(sample);
        if (plan instanceof Error) continue;
        for (const need of needsOf(plan)) assert.ok(names.has(need), `${sample.option} needs ${need}`);
      }
    });

  test('each name once', () => {
    const names = samplesFor(grounds.root).map(({ option }) => option);
    assert.deepEqual(names, [...new Set(names)]);
  });
});

describe('verdicts', () => {
  const good = (name: string): Finding => ({ name, ok: true, needed: true, detail: 'is there' });
  const bad = (name: string): Finding => ({
    name,
    ok: false,
    needed: true,
    detail: `${name} is refused`,
    remedy: `allow ${name}`,
    refused: { syscall: 'prlimit64', code: 'EPERM' },
  });
  const planFor = (sample: Parameters<ReturnType<typeof planned>>[0]): Plan => {
    const plan = planned(grounds.root.host)(sample);
    if (plan instanceof Error) throw plan;
    return plan;
  };

  test('nothing is refused: it works', () => {
    assert.deepEqual(judge([DEFAULT], [good('mount namespace')], planFor), [
      { option: 'the default container', verdict: 'works', detail: '', because: [] },
    ]);
  });

  test('something is refused that its plan needs: it fails, by the first of them', () => {
    assert.deepEqual(judge([DEFAULT], [bad('time namespace'), bad('settings'), bad('files')], planFor), [
      {
        option: 'the default container',
        verdict: 'fails',
        detail: 'settings is refused',
        because: ['settings', 'files'],
        remedy: 'allow settings',
      },
    ]);
  });

  test('something is refused that only more of the option takes: it is weaker', () => {
    const sample = { option: 'rlimits()', definition: {}, beyond: { 'higher rlimits': 'not higher' } };
    assert.deepEqual(judge([sample], [bad('higher rlimits')], planFor), [
      {
        option: 'rlimits()',
        verdict: 'weaker',
        detail: 'not higher (EPERM)',
        because: ['higher rlimits'],
        remedy: 'allow higher rlimits',
      },
    ]);
  });

  test('there is no plan: it fails as the start would', () => {
    const error = cgroupUnavailable('limits.io', 'io', { obstacles: [], remedy: 'run as root' });
    const [told] = judge([DEFAULT], [], () => {
      throw error;
    });
    assert.equal(told?.verdict, 'fails');
    assert.equal(told?.detail, 'limits.io cannot be enforced: the controller io is missing');
    assert.deepEqual(told?.because, ['cgroups']);
    assert.equal(told?.remedy, 'run as root; limits({ onUnsupported: "warn" }) starts without it');
  });
});
