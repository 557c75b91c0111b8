/**
 * A plan in two parts: its frame, which many plans share, and what is one command's own.
 *
 * The split follows from the type {@link Own}: all that is not named there belongs to the frame.
 */

import type { Plan } from './plan.js';
import { type ContainerStep, type Ending, isEnding } from './steps.js';

/** What is one command's own. */
export interface Own extends Pick<Plan, 'timeoutMs' | 'timeoutSignal'> {
  /** The last step; a part of a plan has none. */
  readonly ending?: Ending;
}

/** All of a plan but what is one command's own. Frozen, like the plan. */
export interface Frame extends Omit<Plan, keyof Own | 'steps'> {
  /** The steps that lead to the ending. */
  readonly leading: readonly ContainerStep[];
}

/** Plans that were completed here know their frame. */
const frames = new WeakMap<Plan, Frame>();

/** The plan that the frame and a command make. */
export function complete(frame: Frame, { ending, ...times }: Own): Plan {
  const { leading, ...rest } = frame;
  const steps = ending === undefined ? leading : Object.freeze([...leading, ending]);
  const plan: Plan = Object.freeze({ ...rest, steps, ...times });
  frames.set(plan, frame);
  return plan;
}

/** The two parts of a plan. Plans that were completed with one frame give that very frame. */
export function split(plan: Plan): { readonly frame: Frame; readonly own: Own } {
  const { steps, timeoutMs, timeoutSignal, ...rest } = plan;
  const ending = endingOf(plan);
  const own = { timeoutMs, timeoutSignal, ...(ending === undefined ? {} : { ending }) };
  const frame = frames.get(plan) ?? { ...rest, leading: ending === undefined ? steps : steps.slice(0, -1) };
  return { frame, own };
}

/** How the plan ends; `undefined` for a part of a plan, which has no ending. */
export function endingOf({ steps }: Plan): Ending | undefined {
  const last = steps.at(-1);
  return last !== undefined && isEnding(last) ? last : undefined;
}
