/** What a pool's containers begin with: the first part of their plans, performed before anybody asks for one. Pure. */

import { complete, type Frame } from '../plan/frame.js';
import { isSame } from '../plan/memo.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import type { CompiledFrame } from './container.js';

/**
 * All that makes the container. It ends before the command is counted, becomes its user, or is seen: what is left
 * depends on the call.
 *
 * @returns `undefined` where it enters a pid namespace that others are in: they would see who waits.
 */
export function planMember({ frame, madeBy }: CompiledFrame): Plan | undefined {
  const leading = Object.freeze(frame.leading.slice(0, madeBy));
  if ([...frame.before, ...leading].some(joinsProcesses)) return undefined;
  const { environment: _, ...rest } = frame;
  const first: Frame = Object.freeze({ ...rest, leading });
  return complete(first, { ending: Object.freeze({ op: 'awaitPlan' } as const), timeoutMs: 0, timeoutSignal: 0 });
}

function joinsProcesses(step: HostStep | ContainerStep): boolean {
  return step.op === 'setns' && step.type === 'pid';
}

/** Whether who has performed `first`, and waits, can go on with `plan`: all that was done, it would do. */
export function beginsWith(plan: Plan, first: Plan): boolean {
  const done = first.steps.length - 1;
  return (
    plan.timed === undefined &&
    plan.session === undefined &&
    plan.received === first.received &&
    plan.kept === first.kept &&
    plan.detached === first.detached &&
    plan.steps.length > done &&
    plan.slots.length === first.slots.length &&
    isSame(plan.clone, first.clone) &&
    isSame(plan.before, first.before) &&
    first.steps.every((step, index) => index === done || isSame(step, plan.steps[index]))
  );
}
