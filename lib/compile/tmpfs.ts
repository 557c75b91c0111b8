/** A file system in memory. tmpfs(5) */

import type { StepOf } from '../plan/steps.js';

/** Without set-user-id programs and devices, unless `rest` says otherwise. */
export function tmpfsStep(
  target: string,
  options: readonly string[],
  rest: Partial<Pick<StepOf<'mount'>, 'attributes' | 'nofollow' | 'from'>> = {},
): StepOf<'mount'> {
  const attributes = ['nosuid', 'nodev'] as const;
  return { op: 'mount', type: 'tmpfs', target, options, attributes, nofollow: false, own: true, ...rest };
}
