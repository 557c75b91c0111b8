/** Steps of the caller's in a container's plan. In the package, what checks them is loaded with the engine. */

import { contradiction } from '../errors/errors.js';
import { freezeDeep } from '../plan/plan.js';
import { type ContainerStep, isEnding, type Op } from '../plan/steps.js';
import { knownOptions, object, oneOf } from './checks.js';
import { checkStep, KINDS } from './steps.js';

/** A step of the caller's in a container's plan, and the kind of step that it comes before. */
export interface InsertedStep {
  /**
   * Any step except `init` and those that end a plan, which a container has of its own. Slots count from 0 among the
   * inserted steps.
   */
  readonly step: ContainerStep;
  /** The first step of this kind. */
  readonly before: Op;
}

export function checkInserted(name: string, value: unknown): InsertedStep {
  object(name, value);
  knownOptions(name, value as object, ['step', 'before']);
  const { step, before } = value as Partial<InsertedStep>;
  const checked = checkStep(`${name}.step`, step, 'container') as ContainerStep;
  if (isEnding(checked) || checked.op === 'init')
    throw contradiction(`${name}.step: a container has its own "${checked.op}"`);
  return freezeDeep({ step: checked, before: oneOf(`${name}.before`, before ?? 'pivotRoot', KINDS) as Op });
}
