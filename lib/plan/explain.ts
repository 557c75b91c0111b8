/** A plan in words: one line a step, what the host does on the left, what the container does on the right. */

import { columns } from './columns.js';
import type { Plan } from './plan.js';
import { describe } from './sentences.js';
import type { ServedStep } from './steps.js';

/** The whole plan as a text of two columns. Nothing is executed, and nothing is left out. */
export function explain(plan: Plan): string {
  const lines: string[] = [];
  const row = (left: string, right = ''): void => {
    lines.push(...columns(left, right));
  };
  row('host (supervisor)', 'container (child)');
  for (const step of plan.before) row(describe(step));
  const flags = plan.clone.map((name) => `NEW${CLONE[name] ?? name.toUpperCase()}`);
  row(`clone3 ${flags.length === 0 ? 'without new namespaces' : flags.join('|')}`);
  if (plan.session === 'inherit') row('', 'stay in the session of the caller, with its terminal');
  let barriers = 0;
  for (const step of plan.steps) {
    if (step.op !== 'barrier') {
      row('', describe(step));
      continue;
    }
    row('', `barrier ${barriers}: waits`);
    for (const act of step.acts) row(describe(act));
    if (step.hook) row('hook: JavaScript of the caller');
    barriers += 1;
  }
  if (plan.timeoutMs > 0) row(`after ${plan.timeoutMs} ms: signal ${plan.timeoutSignal}`);
  for (const step of plan.after) row(`after exit: ${describe(step)}`);
  for (const lack of plan.degraded ?? []) lines.push(`cannot be had: ${lack}`);
  return `${lines.join('\n')}\n`;
}

/** A list that a server performs, as a text. It is all on one side: nothing of it happens on the host. */
export function explainServed(steps: readonly ServedStep[]): string {
  return `${['container (server)', ...steps.map(describe)].join('\n')}\n`;
}

const CLONE: Readonly<Record<string, string>> = { mount: 'NS', network: 'NET' };
