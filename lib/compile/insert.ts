/** Steps of the caller's own among those of the container. */

import type { ContainerDefinition } from '../definition/definition.js';
import { contradiction } from '../errors/errors.js';
import { moveSlots, slotCount } from '../plan/compose.js';
import type { ContainerStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

/** Each goes before the first step of the kind that it names; those that name the same kind keep their order. */
export function insertSteps(
  steps: readonly ContainerStep[],
  { steps: inserted }: ContainerDefinition,
  slots: Slots,
): readonly ContainerStep[] {
  if (inserted.length === 0) return steps;
  // Their slots are numbered from 0 among themselves: here they come after all others.
  const first = slots.names.length;
  for (let slot = 0; slot < slotCount(inserted.map(({ step }) => step)); slot += 1) slots.add(`step() slot ${slot}`);
  const missing = inserted.find(({ before }) => steps.every(({ op }) => op !== before));
  if (missing !== undefined) {
    const kinds = [...new Set(steps.map(({ op }) => op))].join(', ');
    throw contradiction(
      `step({ op: "${missing.step.op}" }): the plan has no "${missing.before}" to come before, but ${kinds}`,
    );
  }
  const done = new Set<string>();
  return steps.flatMap((step) => {
    if (done.has(step.op)) return [step];
    done.add(step.op);
    const own = inserted.filter(({ before }) => before === step.op);
    return [...own.map((entry) => ({ ...moveSlots(entry.step, (slot) => first + slot), from: 'step()' })), step];
  });
}
