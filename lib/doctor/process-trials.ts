/** Trials of what a process is given or loses: most of them without any namespace, as a bare command has it. */

import { planLimits } from '../compile/limits.js';
import { ownCgroup } from '../compile/own-cgroup.js';
import { Slots } from '../compile/slots.js';
import { DEFAULT_CAPABILITIES } from '../definition/capabilities.js';
import { define } from '../definition/definition.js';
import * as step from '../definition/step-constructors.js';
import type { Host } from '../host/facts.js';
import { CAPABILITIES, type Capability, type Resource } from '../plan/constants.js';
import type { HostStep } from '../plan/steps.js';
import { ALLOW_ALL } from '../seccomp/bpf.js';
import type { Ground, Trial } from './trial.js';

const EVERY = Object.keys(CAPABILITIES) as readonly Capability[];
const NO_RIGHTS = { effective: [], permitted: [] } as const;

/** They need no namespace. */
const BARE: readonly Trial[] = [
  { name: 'launcher', needed: true, detail: 'is executed from memory', clone: [] },
  {
    name: 'paths',
    needed: true,
    detail: 'are looked up inside a root, and lead nowhere else',
    clone: [],
    steps: [step.chdir({ target: '/' })],
  },
  {
    name: 'no new privileges',
    needed: true,
    detail: 'set-user-id bits can be given up',
    clone: [],
    steps: [step.noNewPrivileges({})],
  },
  {
    name: 'seccomp',
    needed: true,
    detail: 'a filter of system calls can be loaded',
    clone: [],
    steps: [step.noNewPrivileges({}), step.seccomp({ filter: ALLOW_ALL, flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'] })],
  },
  {
    name: 'session keyring',
    needed: true,
    detail: 'the caller’s keys stay out of reach',
    clone: [],
    steps: [step.joinSessionKeyring({})],
  },
  {
    name: 'own capabilities',
    needed: false,
    detail: 'can be given up',
    clone: [],
    steps: [step.setCapabilities({ bounding: EVERY, ...NO_RIGHTS })],
  },
];

/** They stand in a user namespace. */
const INSIDE: readonly Trial[] = [
  {
    name: 'seccomp listener',
    needed: false,
    detail: 'a filter tells whether anybody is left under it',
    clone: ['user'],
    before: [step.endDescendants({ namespace: 0, listener: 1 }) as HostStep],
    steps: [
      step.unshare({ namespaces: ['cgroup'] }),
      step.openNamespace({ slot: 0, path: '/proc/self/ns/cgroup', type: 'cgroup' }),
      step.seccomp({ filter: ALLOW_ALL, slot: 1 }),
    ],
  },
  {
    name: 'capabilities',
    needed: true,
    detail: 'can be limited inside',
    clone: ['user'],
    steps: [step.setCapabilities({ bounding: DEFAULT_CAPABILITIES, ...NO_RIGHTS })],
  },
];

/** Kept apart from 'landlock', which says what there is: a filter could let the question pass, and not the rules. */
const LANDLOCK: Trial = {
  name: 'landlock rules',
  needed: false,
  detail: 'can be made and loaded',
  clone: [],
  steps: [
    step.noNewPrivileges({}),
    step.createRuleset({ slot: 0, files: ['execute'] }),
    step.addPathRule({ slot: 0, target: '/', access: ['execute'] }),
    step.restrictSelf({ slot: 0 }),
  ],
};

/** The lowest and the highest that the kernel takes. */
const NICE_MOST = 19;
const SCORE_MOST = 1000;

function act(name: Trial['name'], detail: string, ...acts: readonly unknown[]): Trial {
  return { name, needed: false, detail, clone: [], acts: acts as readonly HostStep[] };
}

/** In the order of a report. */
export function bareTrials({ host, cpu }: Ground): readonly Trial[] {
  return [
    ...BARE,
    ...((host.landlock?.version ?? 0) > 0 ? [LANDLOCK] : []),
    act('rlimits', 'can be lowered', step.setRlimit({ resource: 'core', soft: 0, hard: 0 })),
    ...higherLimits(host),
    act('nice', 'a nice value can be raised', step.setPriority({ nice: NICE_MOST })),
    act('lower nice', 'a nice value can be lowered', step.setPriority({ nice: -NICE_MOST - 1 })),
    ...(cpu === undefined ? [] : [affinity(cpu)]),
  ];
}

/** In the order of a report. */
export function processTrials({ host }: Ground): readonly Trial[] {
  // Without a user namespace a child of an ordinary user keeps its files in /proc from it.
  const clone = ['user'] as const;
  return [
    ...INSIDE,
    { ...act('oom_score_adj', 'can be raised', step.setOomScoreAdj({ adjustment: SCORE_MOST })), clone },
    { ...act('lower oom_score_adj', 'can be lowered', step.setOomScoreAdj({ adjustment: -SCORE_MOST })), clone },
    ...ownCgroups(host),
  ];
}

/** Those that a hard limit beyond the caller's has no other bound than. nofile has fs.nr_open. */
const BOUNDLESS: readonly Resource[] = ['msgqueue', 'sigpending', 'nproc', 'memlock', 'stack', 'core'];

function higherLimits({ rlimits }: Host): readonly Trial[] {
  return BOUNDLESS.flatMap((resource) => {
    const hard = rlimits[resource]?.hard;
    if (typeof hard !== 'number') return [];
    return [act('higher rlimits', 'hard limits can be raised', step.setRlimit({ resource, soft: 0, hard: hard + 1 }))];
  }).slice(0, 1);
}

function affinity(cpu: number): Trial {
  return {
    name: 'CPU affinity',
    needed: false,
    detail: 'CPUs can be chosen',
    clone: [],
    steps: [step.setAffinity({ cpus: [cpu] })],
  };
}

/** All hierarchies that this user can make cgroups in: made, entered, shown inside, and removed. */
function ownCgroups(host: Host): readonly Trial[] {
  const definition = define(undefined, { limits: { onUnsupported: 'warn' } });
  const { before, acts, made, after } = planLimits(definition.limits, host.cgroups, new Slots());
  if (made.length === 0) return [];
  return [
    {
      name: 'own cgroups',
      needed: false,
      detail: 'can be made, entered, and shown at /sys/fs/cgroup inside',
      clone: ['user', 'mount', 'network'],
      before,
      steps: [
        step.barrier({ acts: [...acts] }),
        step.unshare({ namespaces: ['cgroup'] }),
        step.propagation({ target: '/', type: 'private' }),
        step.mount({ type: 'sysfs', target: '/sys', attributes: ['readonly'] }),
        ...ownCgroup(definition, host, made, false),
      ],
      after,
    },
  ];
}
