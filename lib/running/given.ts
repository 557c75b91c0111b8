/** The namespaces of a container that stays, by the descriptors of them that Node holds. */

import { fstatSync } from 'node:fs';
import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Supervision } from './supervision.js';

/**
 * In the order in which the plan gives them. Each is found through this process, as long as it is the container's: the
 * inode number says whether it is.
 */
export function givenNamespaces({ plan, state }: Supervision): readonly JoinedNamespace[] {
  const given = state.command?.given ?? [];
  const opened = plan.steps.filter((step) => step.op === 'openNamespace' && step.at !== undefined);
  return opened.flatMap((step, index) => {
    const descriptor = given[index];
    if (step.op !== 'openNamespace' || descriptor === undefined) return [];
    const path = `/proc/${process.pid}/fd/${descriptor}`;
    return [{ type: step.type, path, inode: fstatSync(descriptor).ino }];
  });
}
