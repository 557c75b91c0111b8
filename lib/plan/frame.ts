/**
 * A plan in two parts: its frame, which many plans share, and what is one command's own.
 *
 * The split follows from the type {@link Own}: all that is not named there belongs to the frame.
 */

import type { Plan } from './plan.js';
import { type ContainerStep, type Ending, isEnding } from './steps.js';
import type { Written } from './writer.js';

/** What is one command's own. */
export interface Own extends Pick<Plan, 'timeoutMs' | 'timeoutSignal'> {
  /** The last step; a part of a plan has none. */
  readonly ending?: Ending;
}

/** All of a plan but what is one command's own. Frozen, like the plan. */
export interface Frame extends Omit<Plan, keyof Own | 'steps'> {
  /** The steps that lead to the ending. */
  readonly leading: readonly ContainerStep[];
  /** The environment that endings have which set no variable of their own: this very list. No part of the plan. */
  readonly environment?: readonly string[];
}

/** What is known of a plan that was completed here. */
interface Completed {
  readonly frame: Frame;
  /** Its bytes; before that, how often it was encoded. */
  encoded: Written | number;
}

const completed = new WeakMap<Plan, Completed>();

/** What is known of a plan; `undefined` where it was not completed here. */
export function completedPlan(plan: Plan): Completed | undefined {
  return completed.get(plan);
}

/** The plan that the frame and a command make. */
export function complete(frame: Frame, { ending, ...times }: Own): Plan {
  const { leading, environment: _, ...rest } = frame;
  const steps = ending === undefined ? leading : Object.freeze([...leading, ending]);
  const plan: Plan = Object.freeze({ ...rest, steps, ...times });
  completed.set(plan, { frame, encoded: 0 });
  return plan;
}

/** The two parts of a plan. Plans that were completed with one frame give that very frame. */
export function split(plan: Plan): { readonly frame: Frame; readonly own: Own } {
  const { steps, timeoutMs, timeoutSignal, ...rest } = plan;
  const ending = endingOf(plan);
  const own = { timeoutMs, timeoutSignal, ...(ending === undefined ? {} : { ending }) };
  const frame = completed.get(plan)?.frame ?? { ...rest, leading: ending === undefined ? steps : steps.slice(0, -1) };
  return { frame, own };
}

/** How the plan ends; `undefined` for a part of a plan, which has no ending. */
export function endingOf({ steps }: Plan): Ending | undefined {
  const last = steps.at(-1);
  return last !== undefined && isEnding(last) ? last : undefined;
}
