/**
 * The first part of a plan whose command enters a container: what can be performed before there is a command. Pure.
 */

import type { Seccomp } from '../definition/seccomp.js';
import { complete, type Frame } from '../plan/frame.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep, Op } from '../plan/steps.js';
import { ALLOW_ALL } from '../seccomp/bpf.js';
import { partsOf } from '../seccomp/report.js';

/**
 * What does not change from one command to the next, and is neither counted nor seen of one alone. Paths are not among
 * it: what is there may be something else by then. The working directory is entered once more.
 */
const ALIKE: ReadonlySet<Op> = new Set<Op>([
  'openNamespace',
  'setns',
  'unshare',
  'endDescendants',
  'openCgroup',
  'setGroups',
  'setUser',
  'fchown',
  'joinSessionKeyring',
  'chdir',
  'umask',
  'setAffinity',
  'setRlimit',
  'setCapabilities',
  'noNewPrivileges',
  'seccomp',
  'setExecLabel',
]);

function isAlike(step: HostStep | ContainerStep): boolean {
  // A process that waits is one more of its user.
  if (step.op === 'setRlimit' && step.resource === 'nproc') return false;
  return ALIKE.has(step.op);
}

/**
 * It ends before the first step that is seen inside: `enter`, or the barrier at which the child is counted in the
 * container's cgroups. A profile of the caller's may refuse what the child does as it goes on, and stays out of it.
 *
 * @returns `undefined` where the command enters nothing, or nothing of it can be done before.
 */
export function planAhead(frame: Frame, seccomp: Seccomp): Plan | undefined {
  const { leading, before, timed, session, detached, kept } = frame;
  if (!leading.some(({ op }) => op === 'enter')) return undefined;
  if (timed === true || session !== undefined || detached || kept > 0) return undefined;
  const { profile } = partsOf(seccomp);
  const isProfile = (step: ContainerStep): boolean =>
    typeof profile !== 'string' && step.op === 'seccomp' && step.filter !== ALLOW_ALL;
  const last = leading.findIndex((step) => step.op === 'enter' || step.op === 'barrier' || isProfile(step));
  const alike = leading.slice(0, last);
  // A limit of them behind it is the command's, which then has less room than it was given.
  if (![...before, ...alike, ...leading.filter(({ op }) => op === 'setRlimit')].every(isAlike)) return undefined;
  const { environment: _, ...rest } = frame;
  const first: Frame = Object.freeze({ ...rest, leading: Object.freeze(alike) });
  return complete(first, { ending: Object.freeze({ op: 'awaitPlan' } as const), timeoutMs: 0, timeoutSignal: 0 });
}
