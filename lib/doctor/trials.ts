/**
 * What carrel needs of a machine, tried one by one by plans of a few steps, which the launcher performs. Each ends with
 * `exit`: who gets that far has done all that was to be tried, and no program runs. What is made ends with the process
 * that made it.
 */

import { canMapRange, mapIds, RANGE_FIRST } from '../compile/ids.js';
import { plan } from '../definition/plan.js';
import {
  barrier,
  directory,
  exit,
  idmap,
  mount,
  openTree,
  propagation,
  setGroups,
  setUser,
  unshare,
} from '../definition/step-constructors.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { spawn } from '../running/plan.js';

/** Something to be tried. */
export interface Trial {
  readonly name: string;
  /** Whether the default container needs it. */
  readonly needed: boolean;
  /** What there is where it succeeds. */
  readonly detail: string;
  readonly clone: readonly Namespace[];
  /** What the supervisor does when ids are mapped. */
  readonly acts?: readonly HostStep[];
  readonly steps?: readonly ContainerStep[];
}

const OWN = propagation({ target: '/', type: 'private' });

const NAMESPACES: readonly Trial[] = [
  { name: 'user namespace', needed: true, detail: 'can be made, and its ids mapped', clone: ['user'] },
  {
    name: 'mount namespace',
    needed: true,
    detail: 'file systems can be mounted in it',
    clone: ['user', 'mount'],
    steps: [OWN, mount({ type: 'tmpfs', target: '/tmp' })],
  },
  { name: 'pid namespace', needed: true, detail: 'can be made', clone: ['user', 'pid'] },
  {
    // Where it is refused the outer one is bound instead.
    name: 'new /proc',
    needed: false,
    detail: 'can be mounted',
    clone: ['user', 'mount', 'pid'],
    steps: [OWN, mount({ type: 'proc', target: '/proc' })],
  },
  ...(['network', 'ipc', 'uts'] as const).map((kind) => ({
    name: `${kind} namespace`,
    needed: true,
    detail: 'can be made',
    clone: ['user', kind] as const,
  })),
  ...(['cgroup', 'time'] as const).map((kind) => ({
    name: `${kind} namespace`,
    needed: kind === 'cgroup',
    detail: 'can be made',
    clone: ['user'] as const,
    steps: [unshare({ namespaces: [kind] })],
  })),
];

const LAYERS: readonly ContainerStep[] = [
  OWN,
  mount({ type: 'tmpfs', target: '/tmp' }),
  ...['lower', 'upper', 'work', 'merged'].map((name) => directory({ target: `/tmp/${name}` })),
];

function overlay(options: readonly string[]): readonly ContainerStep[] {
  const layers = ['lowerdir=/tmp/lower', 'upperdir=/tmp/upper', 'workdir=/tmp/work'];
  return [...LAYERS, mount({ type: 'overlay', target: '/tmp/merged', options: [...layers, ...options] })];
}

/** What is to be tried on this machine, in the order of a report. `path` is where root file systems will be. */
export function trialsFor(host: Host, path: string): readonly Trial[] {
  const privileged = canMapRange(host);
  return [
    { name: 'launcher', needed: true, detail: 'is executed from memory', clone: [] },
    ...NAMESPACES,
    {
      name: 'overlay',
      needed: false,
      detail: 'can be mounted in a user namespace',
      clone: ['user', 'mount'],
      steps: overlay(['userxattr']),
    },
    ...(privileged
      ? [
          {
            name: 'overlay on the host',
            needed: false,
            detail: 'can be mounted without a user namespace',
            clone: ['mount'] as const,
            steps: overlay([]),
          },
          {
            name: 'idmapped mounts',
            needed: false,
            detail: `${path} can be shown with its owners mapped, as rootfs() and bind() do`,
            clone: ['user', 'mount'] as const,
            acts: [openTree({ slot: 0, source: path }), idmap({ slot: 0 })] as readonly HostStep[],
          },
        ]
      : []),
  ];
}

/** Tries it. `undefined`: it succeeded; else what was refused. */
export async function attempt(trial: Trial, host: Host): Promise<Error | undefined> {
  try {
    const child = spawn(planOf(trial, host), { stdio: ['ignore', 'ignore', 'ignore'] });
    const { exitCode, signal } = await child.result;
    return exitCode === 0 ? undefined : new Error(`ended by ${signal ?? `exit code ${exitCode}`}`);
  } catch (error) {
    return error as Error;
  }
}

function planOf({ clone, acts = [], steps = [] }: Trial, host: Host): ReturnType<typeof plan> {
  const own = clone.includes('user');
  const range = canMapRange(host);
  const one = { kind: 'one', uid: 0, gid: 0, outside: { uid: host.uid, gid: host.gid }, own: true } as const;
  const ids = range ? ({ kind: 'range', first: RANGE_FIRST } as const) : one;
  // Root inside is somebody else on the host, and has to become who it is.
  const become: readonly ContainerStep[] = range ? [setGroups(), setUser({ uid: 0, gid: 0 })] : [];
  return plan({
    clone,
    received: 0,
    steps: [
      ...(own ? [barrier({ acts: [...mapIds(ids, host).map(withoutOrigin), ...acts] }), ...become] : []),
      ...steps,
      exit(),
    ],
  });
}

/** It is no builder call that these come from. */
function withoutOrigin(step: HostStep): HostStep {
  const { from: _, ...rest } = step;
  return rest as HostStep;
}
