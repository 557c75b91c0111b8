/** Plans out of plans: whose slot is whose, and whose ids. */

import { type Field, NO_SLOT } from './fields.js';
import { freezeDeep, type Plan } from './plan.js';
import { fieldsOf, type Step } from './steps.js';

/** The same step with other slots: `move` says where each is now. */
export function moveSlots<S extends Step>(step: S, move: (slot: number) => number): S {
  const moved = (slot: number): number => (slot === NO_SLOT ? NO_SLOT : move(slot));
  const values = step as unknown as Readonly<Record<string, unknown>>;
  const changes = fieldsOf(step.op).flatMap(([name, field]) => {
    const value = values[name];
    return value === undefined ? [] : changed(field, name, value);
  });
  return changes.length === 0 ? step : { ...step, ...Object.fromEntries(changes) };

  function changed(field: Field, name: string, value: unknown): readonly (readonly [string, unknown])[] {
    if (field.kind === 'slot') return [[name, moved(value as number)]];
    if (field.kind === 'slots') return [[name, (value as readonly number[]).map(moved)]];
    if (field.kind === 'steps') return [[name, (value as readonly Step[]).map((act) => moveSlots(act, move))]];
    return [];
  }
}

/** How many slots the steps name: one more than the highest. */
export function slotCount(steps: readonly Step[]): number {
  let count = 0;
  const note = (slot: number): number => {
    count = Math.max(count, slot + 1);
    return slot;
  };
  for (const step of steps) moveSlots(step, note);
  return count;
}

/** The same plan for another range of ids of the host: all that names one of the `count` ids from `from` on names one from `to` on. */
export function moveIds(plan: Plan, from: number, to: number, count: number): Plan {
  const move = (id: number): number => (id >= from && id < from + count ? id - from + to : id);
  const moved = <S extends Step>(step: S): S => {
    switch (step.op) {
      case 'setUidMap':
      case 'setGidMap':
        return { ...step, ranges: step.ranges.map((number, index) => (index % 3 === 1 ? move(number) : number)) };
      case 'fchown':
        return { ...step, uid: move(step.uid), gid: move(step.gid) };
      case 'barrier':
        return { ...step, acts: step.acts.map(moved) };
      default:
        return step;
    }
  };
  return freezeDeep({
    ...plan,
    before: plan.before.map(moved),
    steps: plan.steps.map(moved),
    after: plan.after.map(moved),
  });
}

/** One plan that does what all of them do, in their order; what is to be done after the end, in the opposite order. */
export function joinPlans(plans: readonly Plan[]): Plan {
  const received = Math.max(0, ...plans.map((plan) => plan.received));
  const slots: string[] = plans.find((plan) => plan.received === received)?.slots.slice(0, received) ?? [];
  const parts = plans.map((plan) => {
    // The caller's descriptors are the same for all; each plan's own slots come after those of the plans before it.
    const first = slots.length;
    slots.push(...plan.slots.slice(plan.received));
    const move = (slot: number): number => (slot < plan.received ? slot : slot - plan.received + first);
    const all = <S extends Step>(steps: readonly S[]): readonly S[] => steps.map((step) => moveSlots(step, move));
    return { before: all(plan.before), steps: all(plan.steps), after: all(plan.after) };
  });
  const timed = plans.filter((plan) => plan.timeoutMs > 0).at(-1);
  return freezeDeep({
    before: parts.flatMap(({ before }) => before),
    clone: [...new Set(plans.flatMap(({ clone }) => clone))],
    steps: parts.flatMap(({ steps }) => steps),
    after: parts.reverse().flatMap(({ after }) => after),
    slots,
    received,
    kept: 0,
    detached: plans.some(({ detached }) => detached),
    timeoutMs: timed?.timeoutMs ?? 0,
    timeoutSignal: timed?.timeoutSignal ?? plans.at(-1)?.timeoutSignal ?? 9,
  });
}
