/** Slots that steps fill: once each. What a step put in place of another descriptor, the supervisor takes for that one. */

import { contradiction } from '../errors/errors.js';
import { fieldsOf, type Step } from '../plan/steps.js';

/** A step, and how an error names it. */
export type NamedStep = readonly [name: string, step: Step];

/** Each step, and the acts of a barrier before it, in the order in which they are performed. */
export function named(list: string, steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step, index): readonly NamedStep[] => {
    const name = `${list}[${index}]`;
    const acts = step.op === 'barrier' ? step.acts : [];
    return [...acts.map((act, at): NamedStep => [`${name}.acts[${at}]`, act]), [name, step]];
  });
}

/**
 * Throws a TypeError where a step fills a slot that one before it fills, or one of the `received`, which the caller
 * fills.
 */
export function checkFilled(steps: readonly NamedStep[], received: number): void {
  const by = new Map<number, string>();
  for (const [name, step] of steps)
    for (const [field, { fills }] of fieldsOf(step.op)) {
      const slot = (step as unknown as Readonly<Record<string, unknown>>)[field];
      if (fills !== true || typeof slot !== 'number') continue;
      const who = slot < received ? 'the caller' : by.get(slot);
      if (who !== undefined)
        throw contradiction(
          `${name}.${field} (${step.op}) is slot ${slot}, which ${who} fills: give each its own, from ${received} on`,
        );
      by.set(slot, name);
    }
}
