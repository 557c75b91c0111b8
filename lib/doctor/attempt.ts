/** Tries trials: makes plans of them, and performs these. */

import { canMapRange, mapIds, RANGE_FIRST } from '../compile/ids.js';
import { plan } from '../definition/plan.js';
import { barrier, exit, setGroups, setUser } from '../definition/step-constructors.js';
import type { Host } from '../host/facts.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, Step } from '../plan/steps.js';
import { spawn } from '../running/plan.js';
import type { Trial } from './trial.js';

/** Tries it. `undefined`: it succeeded; else what was refused, or what it could not do. */
export async function attempt(trial: Trial, host: Host): Promise<Error | undefined> {
  const stdio = trial.given === undefined ? 'ignore' : undefined;
  try {
    const child = spawn(planOf(trial, host), { stdio });
    const { exitCode, signal, degraded } = await child.result;
    if (exitCode !== 0) return new Error(`ended by ${signal ?? `exit code ${exitCode}`}`);
    return degraded.length === 0 ? undefined : new Error(degraded.join('; '));
  } catch (error) {
    return error as Error;
  }
}

/** The plan by which it is tried. */
export function planOf(
  { clone, before = [], first = [], acts = [], steps = [], after = [], given }: Trial,
  host: Host,
): Plan {
  const range = canMapRange(host);
  const one = { kind: 'one', uid: 0, gid: 0, outside: { uid: host.uid, gid: host.gid }, own: true } as const;
  const ids = range ? ({ kind: 'range', first: RANGE_FIRST } as const) : one;
  const own = clone.includes('user');
  // Root inside is somebody else on the host, and has to become who it is.
  const become: readonly ContainerStep[] = own && range ? [setGroups(), setUser({ uid: 0, gid: 0 })] : [];
  const atFirst = [...(own ? mapIds(ids, host) : []), ...acts];
  return plan({
    clone,
    received: given === undefined ? 0 : 1,
    before: before.map(withoutOrigin),
    steps: [...first, ...(atFirst.length > 0 ? [barrier({ acts: atFirst })] : []), ...become, ...steps, exit()].map(
      withoutOrigin,
    ),
    after: after.map(withoutOrigin),
  });
}

/** It is no builder call that these come from. */
export function withoutOrigin<Any extends Step>(step: Any): Any {
  const { from: _, ...rest } = step;
  return (step.op === 'barrier' ? { ...rest, acts: step.acts.map(withoutOrigin) } : rest) as Any;
}
