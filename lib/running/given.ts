/** The namespaces of a container that stays, by the descriptors of them that Node holds. */

import type { JoinedNamespace } from '../definition/namespaces.js';
import type { Supervision } from './supervision.js';

/** Those of one container. */
export interface GivenNamespaces {
  readonly own: readonly JoinedNamespace[];
  /** The user namespace around its own, where it has two. */
  readonly outer: JoinedNamespace | undefined;
}

/** Each is found through this process, as long as it is the container's: the inode number says whether it is. */
export function givenNamespaces({ plan, state }: Supervision): GivenNamespaces {
  const given = state.command?.given ?? [];
  const slots = plan.steps.flatMap((step) => (step.op === 'give' ? step.slots : []));
  const found = slots.flatMap((slot, index): readonly JoinedNamespace[] => {
    const opened = plan.steps.find((step) => step.op === 'openNamespace' && step.slot === slot);
    const one = given[index];
    if (opened?.op !== 'openNamespace' || one === undefined) return [];
    return [{ type: opened.type, path: `/proc/${process.pid}/fd/${one.descriptor}`, inode: one.inode }];
  });
  // The outer one comes last.
  const users = found.filter(({ type }) => type === 'user');
  const outer = users.length > 1 ? users.at(-1) : undefined;
  return { own: found.filter((entry) => entry !== outer), outer };
}
