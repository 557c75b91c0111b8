/** The cgroups of a container that stays, for commands that enter it. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlace, type EnteredCgroup, MAIN } from '../compile/cgroups.js';
import type { Plan } from '../plan/plan.js';
import type { HostStep } from '../plan/steps.js';
import { probeCgroups } from './probe.js';

/**
 * Where they are, by the plan that made them, while it is performed. A cgroup that has gone is left out: the container
 * has ended then, and who enters hears of that.
 */
export function enteredCgroups(plan: Plan): readonly EnteredCgroup[] {
  const made = plan.before.filter((step) => step.op === 'makeCgroup');
  if (made.length === 0) return [];
  const { hierarchies } = probeCgroups();
  const acts = plan.steps.flatMap((step): readonly HostStep[] => (step.op === 'barrier' ? step.acts : []));
  return made.flatMap(({ slot, parent, base, name = '' }) => {
    const hierarchy = hierarchies.find((one) => one.parent === parent);
    const place = placeAt(join(parent, base, name));
    const hasMain = acts.some((act) => act.op === 'nestCgroup' && act.within === slot);
    const processes = hasMain ? placeAt(join(parent, base, name, MAIN)) : place;
    if (hierarchy === undefined || place === undefined || processes === undefined) return [];
    return [{ ...place, hierarchy, processes }];
  });
}

function placeAt(path: string): CgroupPlace | undefined {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  return inode === undefined ? undefined : { path, inode };
}
