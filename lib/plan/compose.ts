/** Plans out of plans: whose slot is whose, and whose ids. */

import type { Descriptor, Field } from './fields.js';
import { freezeDeep, type Plan } from './plan.js';
import { fieldsOf, type HostStep, type Step } from './steps.js';

/**
 * The same step with other values in some of its fields, those of steps that it carries too. `change` gives the new
 * value, or `undefined`. It is not asked about a field that is left out, unless that is to be unique.
 */
function changeFields<S extends Step>(step: S, change: (field: Field, value: unknown) => unknown): S {
  const values = step as unknown as Readonly<Record<string, unknown>>;
  const changes: Record<string, unknown> = {};
  for (const [name, field] of fieldsOf(step.op)) {
    const value = values[name];
    if (value === undefined && field.unique !== true) continue;
    const next =
      field.kind === 'steps' || field.kind === 'attempts'
        ? (value as readonly Step[]).map((act) => changeFields(act, change))
        : change(field, value);
    if (next !== undefined) changes[name] = next;
  }
  return Object.keys(changes).length === 0 ? step : { ...step, ...changes };
}

/** The same step with other slots: `move` says where each is now. */
export function moveSlots<S extends Step>(step: S, move: (slot: number) => number): S {
  const moved = (slot: Descriptor): Descriptor => (slot === 'ignore' ? slot : move(slot));
  return changeFields(step, (field, value) => {
    if (field.kind === 'slot') return move(value as number);
    return field.kind === 'slots' ? (value as readonly Descriptor[]).map(moved) : undefined;
  });
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

/** What becomes of ids of the host: the `count` ids from `from` on are those from `to` on. */
export interface IdMove {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export function movedId({ from, to, count }: IdMove, id: number): number {
  return id >= from && id < from + count ? id - from + to : id;
}

/** Whether the number at `index` of a list of ranges (inside, outside, count) is one of the host. */
export function isOutside(index: number): boolean {
  return index % 3 === 1;
}

/** The same plan for another range of ids of the host. */
export function moveIds(plan: Plan, move: IdMove): Plan {
  const moved = <S extends Step>(step: S): S =>
    changeFields(step, ({ ids }, value) => {
      if (ids === 'one') return movedId(move, value as number);
      if (ids === undefined) return undefined;
      return (value as readonly number[]).map((number, index) => (isOutside(index) ? movedId(move, number) : number));
    });
  return freezeDeep({
    ...plan,
    before: plan.before.map(moved),
    steps: plan.steps.map(moved),
    after: plan.after.map(moved),
  });
}

/** The same plan with this name for every cgroup that has none. */
function nameCgroups(plan: Plan, name: string): Plan {
  const named = (step: HostStep): HostStep =>
    changeFields(step, ({ unique }, value) => (unique === true && value === undefined ? name : undefined));
  return freezeDeep({ ...plan, before: plan.before.map(named) });
}

/** What of a plan is settled when it is performed only. */
export interface Settlement {
  /** The range of ids. */
  readonly move?: IdMove | undefined;
  /** The name of each cgroup that has none. */
  readonly cgroup?: string | undefined;
}

/** The plan as it is performed with this settlement. */
export function settled(plan: Plan, { move, cgroup }: Settlement): Plan {
  const moved = move === undefined ? plan : moveIds(plan, move);
  return cgroup === undefined ? moved : nameCgroups(moved, cgroup);
}

/** One plan that does what all of them do, in their order. What follows the end is in the opposite order. */
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
  const degraded = plans.flatMap((plan) => plan.degraded ?? []);
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
    ...(degraded.length > 0 ? { degraded } : {}),
    timeoutMs: timed?.timeoutMs ?? 0,
    timeoutSignal: timed?.timeoutSignal ?? plans.at(-1)?.timeoutSignal ?? 9,
    ...(plans.some((plan) => plan.timed) ? { timed: true as const } : {}),
    ...(plans.some((plan) => plan.session) ? { session: 'inherit' as const } : {}),
  });
}
