/** What builder calls add to a definition, kept apart until the definition is read: a chain of n calls costs n. */

import { freezeDeep } from '../plan/plan.js';
import { type ContainerDefinition, checkPart, checkWhole, type DefinitionInput } from './definition.js';

/** The parts that a call adds to; a call replaces any other. */
export type Additive = 'mounts' | 'mask' | 'steps' | 'env';

/** One call's addition, and those before it. */
export interface Addition {
  /** What the additions come to. */
  readonly base: ContainerDefinition;
  readonly earlier: Addition | undefined;
  readonly part: Additive;
  readonly value: readonly unknown[] | Readonly<Record<string, string>>;
  /** How many entries its part has with it, so that an error can name the next. */
  readonly length: number;
}

/** Checks what a call adds, and that it goes together with the definition. */
export function add<Part extends Additive>(
  base: ContainerDefinition,
  earlier: Addition | undefined,
  part: Part,
  value: NonNullable<DefinitionInput[Part]>,
): Addition {
  const before = lengthOf(base, earlier, part);
  const checked = freezeDeep(checkPart(part, value, before)) as Addition['value'];
  // None of the parts that others add to decides whether this one goes with the rest.
  checkWhole({ ...base, [part]: checked });
  const length = Array.isArray(checked) ? before + checked.length : 0;
  return { base, earlier, part, value: checked, length };
}

/** The definition with its additions, in the order of the calls. */
export function sum(last: Addition): ContainerDefinition {
  const calls: Addition[] = [];
  for (let at: Addition | undefined = last; at !== undefined; at = at.earlier) calls.push(at);
  const parts: Partial<Record<Additive, unknown[]>> = {};
  for (const { base, part, value } of calls.reverse()) {
    parts[part] ??= [...entriesOf(base[part])];
    for (const entry of entriesOf(value)) parts[part].push(entry);
  }
  const { env, ...lists } = parts;
  // Not by assignment: a variable may be called __proto__.
  const variables = env === undefined ? {} : { env: Object.fromEntries(env as [string, string][]) };
  return freezeDeep({ ...last.base, ...lists, ...variables } as ContainerDefinition);
}

function entriesOf(value: Addition['value']): readonly unknown[] {
  return Array.isArray(value) ? value : Object.entries(value);
}

function lengthOf(base: ContainerDefinition, last: Addition | undefined, part: Additive): number {
  if (part === 'env') return 0;
  for (let at = last; at !== undefined; at = at.earlier) if (at.part === part) return at.length;
  return base[part].length;
}
