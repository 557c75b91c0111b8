/** Which trial tries a step, so that what a plan needs of a machine follows from the plan. Pure. */

import type { Namespace } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep, StepOf } from '../plan/steps.js';
import type { TrialName } from './trial.js';

/** What a plan needs: trials, and two findings that are none. */
export type Need = TrialName | 'subordinate ids' | 'way out';

/** A step of a plan. */
type PlannedStep = HostStep | ContainerStep;
type PlannedOp = PlannedStep['op'];
type By<O extends PlannedOp> = Need | ((step: StepOf<O>, plan: Plan) => Need | readonly Need[]);

const OF_MOUNTS: Readonly<Record<string, Need>> = {
  proc: 'new /proc',
  sysfs: 'new /sys',
  devpts: 'terminals',
  mqueue: 'message queues',
  cgroup: 'own cgroups',
  cgroup2: 'own cgroups',
};
/** Settings that count in an ipc namespace. sysctl(8), ipc_namespaces(7) */
const OF_IPC = /^(kernel\/(msg|sem|shm)|fs\/mqueue\/)/;

const isNested = ({ steps }: Plan): boolean => steps.some(({ op }) => op === 'nestNamespaces');

/** The compiler insists that no step is missing. What every process can do, the launcher's own start has tried. */
const TRIED_BY: { readonly [O in PlannedOp]: By<O> } = {
  barrier: 'launcher',
  omit: 'launcher',
  assertRefused: 'launcher',
  init: 'pid namespace',
  enter: 'joined namespaces',
  exec: 'launcher',
  give: 'launcher',
  awaitPlan: 'joined namespaces',
  hold: 'pid namespace',
  exit: 'launcher',
  serve: 'launcher',
  denySetgroups: 'user namespace',
  setUidMap: 'user namespace',
  setGidMap: 'user namespace',
  newuidmap: 'subordinate ids',
  newgidmap: 'subordinate ids',
  // Behind a barrier only where the helpers of shadow-utils have mapped ids.
  fchown: (step, { before }) => (before.includes(step) ? 'pipes' : 'subordinate ids'),
  idmap: 'idmapped mounts',
  setGroups: (_, { clone }) => (clone.includes('user') ? 'user namespace' : 'own user'),
  setUser: (_, { clone }) => (clone.includes('user') ? 'user namespace' : 'own user'),
  makeCgroup: 'own cgroups',
  openCgroup: 'own cgroups',
  nestCgroup: 'own cgroups',
  writeCgroup: 'own cgroups',
  endFrozen: 'own cgroups',
  watchOom: 'own cgroups',
  enterCgroup: 'own cgroups',
  limitCpuTime: 'own cgroups',
  readCounter: 'own cgroups',
  removeCgroup: 'own cgroups',
  // Of a mount namespace: the one of the inner user namespace.
  unshare: ({ namespaces }) => namespaces.map((kind) => (kind === 'mount' ? 'locked mounts' : namespace(kind))),
  nestNamespaces: 'locked mounts',
  openDirectory: 'joined namespaces',
  openNamespace: 'joined namespaces',
  setns: (_, plan) => (isNested(plan) ? 'locked mounts' : 'joined namespaces'),
  setTimeOffset: 'clock offsets',
  setHostname: 'uts namespace',
  setDomainname: 'uts namespace',
  linkUp: 'network namespace',
  newNetwork: 'second network',
  addVeth: 'second network',
  addAddress: 'second network',
  addRoute: 'second network',
  removeRoute: 'second network',
  listenTcp: 'second network',
  bindUdp: 'second network',
  connectNetwork: 'way out',
  sysctl: ({ path }) => (OF_IPC.test(path) ? 'settings of ipc' : 'settings'),
  propagation: 'mount namespace',
  openTree: 'binds',
  mount: ({ type }, { clone }) => {
    if (type === 'overlay') return clone.includes('user') ? 'overlay' : 'overlay on the host';
    return OF_MOUNTS[type] ?? 'mount namespace';
  },
  bind: ({ source, target }) => {
    if (source === '/proc') return 'outer /proc';
    return target === '/' ? ['binds', 'private layers'] : 'binds';
  },
  device: 'devices',
  mountSetattr: 'read-only mounts',
  mask: 'read-only mounts',
  readonlyPath: 'read-only mounts',
  pivotRoot: 'pivot_root',
  directory: 'files',
  file: 'files',
  symlink: 'files',
  makeTarget: 'files',
  removeTarget: 'files',
  chmod: 'files',
  captureTree: 'binds',
  copyPermissions: 'pipes',
  setXattr: 'overlay in memory',
  lockFile: 'files',
  replaceFile: 'files',
  rmdir: 'files',
  openTerminal: 'terminals',
  relay: 'terminals',
  controllingTerminal: 'terminals',
  setRlimit: 'rlimits',
  setPriority: 'nice',
  setOomScoreAdj: 'oom_score_adj',
  endDescendants: 'seccomp listener',
  setAffinity: 'CPU affinity',
  umask: 'launcher',
  joinSessionKeyring: 'session keyring',
  chdir: 'paths',
  setCapabilities: (_, { clone }) => (clone.includes('user') ? 'capabilities' : 'own capabilities'),
  noNewPrivileges: 'no new privileges',
  seccomp: 'seccomp',
  seccompReport: 'seccomp listener',
  // Which labels there are, the host's policy says.
  setExecLabel: 'launcher',
  createRuleset: 'landlock rules',
  addPathRule: 'landlock rules',
  addPortRule: 'landlock rules',
  restrictSelf: 'landlock rules',
};

function namespace(kind: Namespace): TrialName {
  return `${kind} namespace`;
}

/** All that a plan needs, each once. */
export function needsOf(plan: Plan): ReadonlySet<Need> {
  const { clone, before, steps, after } = plan;
  const inside = steps.flatMap((step): readonly PlannedStep[] => (step.op === 'barrier' ? step.acts : [step]));
  const all: readonly PlannedStep[] = [...before, ...inside, ...after];
  // Without a user namespace root needs its own rights over each.
  const made: readonly Need[] =
    clone.length > 0 && !clone.includes('user') ? ['namespaces of root'] : clone.map(namespace);
  return new Set<Need>(['launcher', ...made, ...all.flatMap((step) => neededBy(step, plan))]);
}

function neededBy(step: PlannedStep, plan: Plan): readonly Need[] {
  const by = TRIED_BY[step.op] as By<PlannedOp>;
  return [typeof by === 'function' ? by(step as never, plan) : by].flat();
}
