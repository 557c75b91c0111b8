/** Slots that steps fill, once each: what is put in place of another descriptor, the supervisor takes for that one. */

import { fieldsOf, type Step } from './steps.js';

/** A step, and how an error names it. */
export type NamedStep = readonly [name: string, step: Step];

/** Each step, and the acts of a barrier before it, in the order in which they are performed. */
export function namedSteps(list: string, steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step, index): readonly NamedStep[] => {
    const name = `${list}[${index}]`;
    const acts = step.op === 'barrier' ? step.acts : [];
    return [...acts.map((act, at): NamedStep => [`${name}.acts[${at}]`, act]), [name, step]];
  });
}

/** A field of a step that fills a slot which is not empty. */
export interface Refilled {
  readonly field: string;
  readonly slot: number;
  /** Which step fills it already; `undefined`: it is one of the received. */
  readonly by: string | undefined;
}

/** The first of them. */
export function firstRefilled(steps: readonly NamedStep[], received: number): Refilled | undefined {
  const by = new Map<number, string>();
  for (const [name, step] of steps)
    for (const [field, { fills }] of fieldsOf(step.op)) {
      const slot = (step as unknown as Readonly<Record<string, unknown>>)[field];
      if (fills !== true || typeof slot !== 'number') continue;
      if (slot < received || by.has(slot)) return { field: `${name}.${field}`, slot, by: by.get(slot) };
      by.set(slot, `${name} (${step.op})`);
    }
  return undefined;
}
