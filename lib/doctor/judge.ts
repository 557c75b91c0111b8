/** What each option does here: it follows from the findings, and from the plan that a container with it has. Pure. */

import { CarrelError } from '../errors/errors.js';
import type { Plan } from '../plan/plan.js';
import type { Finding, OptionFinding } from './findings.js';
import { DEFAULT, type Sample } from './options.js';
import { needsOf } from './tried-by.js';

/** Makes the plan of a container with this option; throws what its start would throw. */
export type Planner = (sample: Sample) => Plan;

/** What a finding says that `compile` has decided by. */
const DECIDED: Readonly<Record<string, string>> = {
  ERR_CGROUP_UNAVAILABLE: 'cgroups',
  ERR_LANDLOCK_UNAVAILABLE: 'landlock',
  ERR_OUTBOUND: 'way out',
  ERR_SUBORDINATE_IDS: 'subordinate ids',
};

export function judge(
  samples: readonly Sample[],
  findings: readonly Finding[],
  planFor: Planner,
): readonly OptionFinding[] {
  return samples.map((sample) => judged(sample, findings, planFor));
}

function judged(sample: Sample, findings: readonly Finding[], planFor: Planner): OptionFinding {
  const { option, beyond = {} } = sample;
  let plan: Plan;
  try {
    plan = planFor(sample);
  } catch (error) {
    return unplanned(option, error as Error);
  }
  const needs: ReadonlySet<string> = needsOf(plan);
  const isNeeded = ({ name }: Finding): boolean => needs.has(name) || (sample === DEFAULT && name === 'container');
  const refused = findings.filter((finding) => !finding.ok && isNeeded(finding));
  const [first] = refused;
  if (first !== undefined) return { option, verdict: 'fails', ...told(first.detail, refused) };
  // What an option leaves out, it does on purpose. What the default leaves out is this machine's doing.
  const omitted = sample === DEFAULT ? findings.filter(({ name, ok }) => name === 'new /proc' && !ok) : [];
  const limited = findings.filter(({ name, ok }) => !ok && name in beyond);
  const lacks = [
    ...(sample === DEFAULT ? omissions(plan) : []),
    ...(plan.degraded ?? []),
    ...limited.map(({ name, refused: by }) => `${beyond[name as keyof typeof beyond]}${by ? ` (${by.code})` : ''}`),
  ];
  if (lacks.length === 0) return { option, verdict: 'works', detail: '', because: [] };
  return { option, verdict: 'weaker', ...told(lacks.join('; '), [...omitted, ...limited]) };
}

function unplanned(option: string, error: Error): OptionFinding {
  const { message } = error;
  const [detail = ''] = message.split('\n', 1);
  const { code, hint } = error instanceof CarrelError ? error : { code: '', hint: undefined };
  const by = DECIDED[code];
  const because = by === undefined ? [] : [by];
  return { option, verdict: 'fails', detail, because, ...(hint === undefined ? {} : { remedy: hint }) };
}

function told(detail: string, findings: readonly Finding[]): Pick<OptionFinding, 'detail' | 'because' | 'remedy'> {
  const remedy = findings.find((finding) => finding.remedy !== undefined)?.remedy;
  return { detail, because: findings.map(({ name }) => name), ...(remedy === undefined ? {} : { remedy }) };
}

function omissions({ steps }: Plan): readonly string[] {
  return steps.flatMap((step) => (step.op === 'omit' ? [`without ${step.what}: ${step.reason}`] : []));
}
