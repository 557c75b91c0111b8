/** Steps of the caller's own among those of the container. */

import type { ContainerDefinition } from '../definition/definition.js';
import { contradiction, slotTaken } from '../errors/errors.js';
import { moveSlots, slotCount } from '../plan/compose.js';
import { firstRefilled } from '../plan/filled.js';
import type { ContainerStep, EndingOp, Op } from '../plan/steps.js';
import type { Slots } from './slots.js';

/**
 * Puts each before the first step of the kind that it names; those that name the same kind keep their order. `steps`,
 * then `last` lead to an ending of the kind `ending`, which is not among them. What comes before the ending comes
 * before `last` too, the filters and the entrance: it is no program's.
 */
export function insertSteps(
  steps: readonly ContainerStep[],
  last: readonly ContainerStep[],
  ending: EndingOp,
  { steps: inserted }: ContainerDefinition,
  slots: Slots,
): readonly ContainerStep[] {
  if (inserted.length === 0) return [...steps, ...last];
  // Their slots are numbered from 0 among themselves: here they come after all others.
  const first = slots.names.length;
  const refilled = firstRefilled(
    inserted.map(({ step }, index) => [`steps[${index}].step`, step]),
    0,
  );
  if (refilled !== undefined) throw slotTaken(refilled, 0);
  for (let slot = 0; slot < slotCount(inserted.map(({ step }) => step)); slot += 1) slots.add(`step() slot ${slot}`);
  const kinds: ReadonlySet<Op> = new Set([...[...steps, ...last].map(({ op }) => op), ending]);
  const missing = inserted.find(({ before }) => !kinds.has(before));
  if (missing !== undefined) {
    const { step, before } = missing;
    throw contradiction(
      `step({ op: "${step.op}" }): the plan has no "${before}" to come before, but ${[...kinds].join(', ')}`,
    );
  }
  const ownBefore = (op: Op): readonly ContainerStep[] =>
    inserted
      .filter(({ before }) => before === op)
      .map(({ step }) => ({ ...moveSlots(step, (slot) => first + slot), from: 'step()' }));
  const done = new Set<Op>();
  const withOwn = (step: ContainerStep): readonly ContainerStep[] => {
    if (done.has(step.op)) return [step];
    done.add(step.op);
    return [...ownBefore(step.op), step];
  };
  return [...steps.flatMap(withOwn), ...ownBefore(ending), ...last.flatMap(withOwn)];
}
