/** What the doctor would observe on a host that is described by hand: its facts, and what it refuses. */

import { constants } from 'node:os';
import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import { define } from '#lib/definition/definition.js';
import { planOf } from '#lib/doctor/attempt.js';
import type { DoctorReport } from '#lib/doctor/findings.js';
import { DEFAULT, type Sample } from '#lib/doctor/options.js';
import { reportOf } from '#lib/doctor/report.js';
import type { Trial } from '#lib/doctor/trial.js';
import { stepRefused } from '#lib/errors/step-refused.js';
import type { Host } from '#lib/host/facts.js';
import type { Surroundings } from '#lib/host/surroundings.js';
import type { Plan } from '#lib/plan/plan.js';
import { fieldsOf, type Op, type Step } from '#lib/plan/steps.js';
import { askedBy, checkCommand } from '#lib/running/command.js';

/** A step that is refused; without `step` the clone itself. */
export interface Refused {
  readonly step?: Op;
  readonly syscall: string;
  readonly code: string;
  /** What the kernel says about a mount. */
  readonly said?: string;
}

export interface DescribedHost {
  /** Where it is known from. */
  readonly source: string;
  readonly system: string;
  readonly host: Host;
  readonly surroundings: Surroundings;
  /** By their names in sysctl(8). */
  readonly settings: Readonly<Record<string, string>>;
  /** What of a plan is refused: of a trial's, or of a container's. */
  readonly refuses: (plan: Plan, trial?: Trial) => Refused | undefined;
}

/** What `carrel doctor` reports there. */
export function reportThere(there: DescribedHost): DoctorReport {
  const { host, system, surroundings, settings } = there;
  const whole = planned(host)(DEFAULT);
  const found = whole instanceof Error ? whole : refusal(there, whole);
  return reportOf({
    system,
    ground: { host, path: '/srv', cpu: 0 },
    surroundings,
    outcome: (trial) => refusal(there, planOf(trial, host), trial),
    subordinate: undefined,
    memfd: settings['vm.memfd_noexec'],
    whole: found ?? 7,
    planFor: (sample) => {
      const plan = planned(host)(sample);
      if (plan instanceof Error) throw plan;
      return plan;
    },
  });
}

/** The plan of a container there, or why there is none. */
export function planned(host: Host): (sample: Sample) => Plan | Error {
  return ({ definition, terminal }) => {
    const call = { file: 'true', args: [], options: terminal ? { terminal } : {} };
    try {
      return compile(define(undefined, definition), checkCommand(askedBy(call, false)).command, host, RANGE_FIRST);
    } catch (error) {
      return error as Error;
    }
  };
}

function refusal(there: DescribedHost, plan: Plan, trial?: Trial): Error | undefined {
  const refused = there.refuses(plan, trial);
  if (refused === undefined) return undefined;
  const { code, syscall, said } = refused;
  const errno = (constants.errno as Readonly<Record<string, number>>)[code];
  if (errno === undefined) throw new Error(`${there.source}: no error ${code}`);
  const index = plan.steps.findIndex((step) => inside(step).some(({ op }) => op === refused.step));
  const step = index < 0 ? undefined : inside(plan.steps[index] as Step).find(({ op }) => op === refused.step);
  if (refused.step !== undefined && step === undefined)
    throw new Error(`${there.source}: the plan has no step ${refused.step} that could be refused`);
  const list = step === undefined ? ('clone' as const) : ('steps' as const);
  const path = step === undefined ? undefined : pathOf(step);
  return stepRefused({
    place: { list, index: Math.max(0, index), total: plan.steps.length },
    ...(step === undefined ? {} : { step }),
    ...(said === undefined ? {} : { message: said }),
    ...(path === undefined ? {} : { path }),
    ...{ syscall, errno, uid: there.host.uid },
    sysctl: (name) => there.settings[name],
    mounts: () => there.host.mounts,
  });
}

function inside(step: Step): readonly Step[] {
  return step.op === 'barrier' ? [step, ...step.acts] : [step];
}

function pathOf(step: Step): string | undefined {
  const values = step as unknown as Readonly<Record<string, string | undefined>>;
  return fieldsOf(step.op).flatMap(([name, field]) => (field.path === undefined ? [] : [values[name]]))[0];
}

/** The first step of a plan that the rules refuse, in the order of the plan. */
export function firstRefused(
  plan: Plan,
  rules: Readonly<Partial<Record<Op, Omit<Refused, 'step'> | ((step: Step) => Omit<Refused, 'step'> | undefined)>>>,
): Refused | undefined {
  for (const step of plan.steps.flatMap(inside)) {
    const rule = rules[step.op];
    const refused = typeof rule === 'function' ? rule(step) : rule;
    if (refused !== undefined) return { step: step.op, ...refused };
  }
  return undefined;
}
