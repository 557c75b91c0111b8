/** Plans of carrel's own, beside those of containers: nobody is told how they end, and no time bounds them. */

import { freezeDeep, type Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

/** One that makes no namespace, and leaves nothing to undo. */
export function ownPlan(slots: Slots, before: readonly HostStep[], steps: readonly ContainerStep[]): Plan {
  return freezeDeep({
    before,
    clone: [],
    steps,
    after: [],
    slots: slots.names,
    received: slots.received,
    kept: 0,
    detached: false,
    timeoutMs: 0,
    timeoutSignal: 9,
  });
}
