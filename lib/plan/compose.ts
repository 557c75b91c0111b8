/** Plans out of parts: whose slot is whose. */

import { type Field, NO_SLOT } from './fields.js';
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
