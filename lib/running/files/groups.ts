/** Groups of steps that belong together, performed by few lists: one that is refused keeps no other from being done. */

import type { Answer } from '../../plan/serving-bytes.js';
import { givesBytes, type ServedStep } from '../../plan/steps.js';
import type { Performer } from './servers.js';

/** Steps of which one that is refused keeps those behind it from being done. */
export type Group = readonly ServedStep[];

/** How groups are performed, and who is told of them. */
export interface GroupTold {
  /** Before each list: how many groups from `first` on are in it, one at least. */
  fitting(first: number): number;
  /** A group was done: what its steps gave. */
  done(index: number, given: readonly Buffer[]): void;
  /** A group was refused, and is left out; it throws where nothing else is to be done either. */
  refused(index: number, answer: Answer, steps: readonly ServedStep[]): void;
}

/** Performs the groups in their order. */
export async function performGroups(
  server: Pick<Performer, 'perform'>,
  groups: readonly Group[],
  told: GroupTold,
): Promise<void> {
  for (let first = 0; first < groups.length; ) {
    const list = groups.slice(first, first + told.fitting(first));
    const steps = list.flat();
    const answer = await server.perform(steps);
    let given = 0;
    let performed = 0;
    let whole = 0;
    for (const group of list) {
      if (performed + group.length > answer.done) break;
      const gives = group.filter(({ op }) => givesBytes(op)).length;
      told.done(first + whole, answer.given.slice(given, given + gives));
      given += gives;
      performed += group.length;
      whole += 1;
    }
    first += whole;
    if (answer.error === 0) continue;
    told.refused(first, answer, steps);
    first += 1;
  }
}
