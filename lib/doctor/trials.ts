/**
 * What carrel needs of a machine, as plans of a few steps. Each ends with `exit`: who gets that far has done all that
 * was to be tried, and no program runs. What is made ends with the process that made it.
 */

import { canMapRange, RANGE_FIRST } from '../compile/ids.js';
import { hasNewProc } from '../compile/proc.js';
import { type DefinitionInput, define } from '../definition/definition.js';
import * as step from '../definition/step-constructors.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { bareTrials, processTrials } from './process-trials.js';
import type { Ground, Trial } from './trial.js';

const OWN = step.propagation({ target: '/', type: 'private' });
const USER_MOUNT = ['user', 'mount'] as const;

function inMemory(...steps: readonly ContainerStep[]): readonly ContainerStep[] {
  return [OWN, step.mount({ type: 'tmpfs', target: '/tmp' }), ...steps];
}

/** A namespace of each kind, and what is set in it by default. */
const NAMESPACES: readonly Trial[] = [
  { name: 'user namespace', needed: true, detail: 'can be made, and its ids mapped', clone: ['user'] },
  {
    name: 'mount namespace',
    needed: true,
    detail: 'file systems can be mounted in it',
    clone: USER_MOUNT,
    steps: inMemory(),
  },
  { name: 'pid namespace', needed: true, detail: 'can be made', clone: ['user', 'pid'], steps: [step.init({})] },
  {
    name: 'network namespace',
    needed: true,
    detail: 'can be made',
    clone: ['user', 'network'],
    steps: [step.linkUp({ name: 'lo' })],
  },
  { name: 'ipc namespace', needed: true, detail: 'can be made', clone: ['user', 'ipc'] },
  {
    name: 'uts namespace',
    needed: true,
    detail: 'can be made',
    clone: ['user', 'uts'],
    steps: [step.setHostname({ hostname: 'carrel' }), step.setDomainname({ domainname: '(none)' })],
  },
  ...(['cgroup', 'time'] as const).map(
    (kind): Trial => ({
      name: `${kind} namespace`,
      needed: kind === 'cgroup',
      detail: 'can be made',
      clone: ['user'],
      steps: [step.unshare({ namespaces: [kind] })],
    }),
  ),
  {
    name: 'clock offsets',
    needed: false,
    detail: 'clocks can be shifted, as timeOffsets() does',
    clone: ['user'],
    first: [step.unshare({ namespaces: ['time'] })],
    acts: [step.setTimeOffset({ clock: 'monotonic', seconds: 1 }) as HostStep],
  },
  {
    name: 'second network',
    needed: false,
    detail: 'one that nobody is in can be joined to a container’s, as network({ allow }) does',
    clone: ['user', 'network'],
    steps: [
      step.newNetwork({ slot: 0, left: 1 }),
      step.addVeth({ name: 'gate0', peer: 'eth0', network: 1 }),
      step.linkUp({ name: 'gate0' }),
      step.addAddress({ name: 'gate0', address: '198.18.0.1', prefix: 30 }),
      step.addRoute({ name: 'gate0', type: 'local', destination: '198.18.0.0', prefix: 15 }),
      step.removeRoute({ name: 'gate0', type: 'local', destination: '198.18.0.0', prefix: 15 }),
      step.listenTcp({ slot: 2, family: 'ipv4', port: 53 }),
      step.bindUdp({ slot: 3, address: '198.18.0.1', port: 53 }),
      step.setns({ slot: 1, type: 'network' }),
    ],
  },
  {
    name: 'joined namespaces',
    needed: false,
    detail: 'namespaces that this user has made can be joined',
    clone: ['user', 'uts'],
    steps: [
      step.openNamespace({ slot: 0, path: '/proc/self/ns/uts', type: 'uts' }),
      step.setns({ slot: 0, type: 'uts' }),
    ],
  },
];

/** What a file system is made of. */
const MOUNTS: readonly Trial[] = [
  {
    name: 'outer /proc',
    needed: false,
    detail: "can be shown inside, as proc('bind') does",
    clone: ['user', 'mount', 'pid'],
    steps: inMemory(step.bind({ source: '/proc', target: '/tmp/proc', attributes: ['nosuid', 'nodev'], create: true })),
  },
  {
    // Where it is refused there is none.
    name: 'new /sys',
    needed: false,
    detail: 'can be mounted read-only',
    clone: ['user', 'mount', 'network'],
    steps: [OWN, step.mount({ type: 'sysfs', target: '/sys', attributes: ['readonly'] })],
  },
  {
    name: 'binds',
    needed: true,
    detail: 'what the host has can be shown, read-only',
    clone: USER_MOUNT,
    steps: inMemory(
      step.openTree({ slot: 0, source: '/usr' }),
      step.bind({ slot: 0, target: '/tmp/usr', attributes: ['readonly', 'nosuid', 'nodev'], create: true }),
      step.captureTree({ slot: 1, target: '/tmp' }),
    ),
  },
  {
    name: 'devices',
    needed: true,
    detail: 'those of the host can be shown',
    clone: USER_MOUNT,
    steps: inMemory(step.device({ source: '/dev/null', target: '/tmp/null', major: 1, minor: 3 })),
  },
  {
    name: 'read-only mounts',
    needed: true,
    detail: 'parts can be masked, or made read-only',
    clone: USER_MOUNT,
    steps: inMemory(
      step.directory({ target: '/tmp/masked' }),
      step.directory({ target: '/tmp/readonly' }),
      step.mask({ target: '/tmp/masked' }),
      step.readonlyPath({ target: '/tmp/readonly' }),
      step.mountSetattr({ target: '/tmp', attributes: ['readonly'] }),
    ),
  },
  {
    name: 'files',
    needed: true,
    detail: 'can be made, linked and locked inside',
    clone: USER_MOUNT,
    steps: inMemory(
      step.file({ target: '/tmp/file', content: new Uint8Array() }),
      step.replaceFile({ target: '/tmp/file', content: new Uint8Array() }),
      step.chmod({ target: '/tmp/file', mode: 0o600 }),
      step.symlink({ target: '/tmp/link', text: 'file' }),
      step.lockFile({ target: '/tmp/link', slot: 0 }),
      step.makeTarget({ target: '/tmp/made', type: 'directory', slot: 1, parent: 2 }),
    ),
  },
  {
    name: 'pivot_root',
    needed: true,
    detail: 'the old root can be left behind',
    clone: USER_MOUNT,
    steps: [OWN, step.mount({ type: 'tmpfs', target: '/' }), step.pivotRoot({})],
  },
  {
    name: 'private layers',
    needed: false,
    detail: 'a root file system can lack the targets of mounts',
    clone: USER_MOUNT,
    steps: [
      OWN,
      step.mount({ type: 'tmpfs', target: '/' }),
      step.bind({ source: '/usr', target: '/usr', create: true }),
      step.directory({ target: '/usr/carrel' }),
      step.pivotRoot({}),
    ],
  },
  {
    name: 'message queues',
    needed: true,
    detail: '/dev/mqueue can be mounted',
    clone: ['user', 'mount', 'ipc'],
    steps: inMemory(step.mount({ type: 'mqueue', target: '/tmp' })),
  },
  {
    name: 'terminals',
    needed: true,
    detail: '/dev/pts can be mounted, and a terminal opened',
    clone: USER_MOUNT,
    given: 'terminal',
    steps: [
      OWN,
      step.mount({ type: 'tmpfs', target: '/dev' }),
      step.directory({ target: '/dev/pts' }),
      step.mount({ type: 'devpts', target: '/dev/pts', options: ['newinstance', 'ptmxmode=0666', 'max=1'] }),
      step.openTerminal({ master: 1, slot: 2 }),
      step.barrier({ acts: [step.relay({ master: 1, socket: 0 }) as HostStep] }),
      step.controllingTerminal({ slot: 2 }),
    ],
  },
];

const LAYERS: readonly ContainerStep[] = inMemory(
  ...['lower', 'upper', 'work', 'merged'].map((name) => step.directory({ target: `/tmp/${name}` })),
);

function overlay(options: readonly string[], ...between: readonly ContainerStep[]): readonly ContainerStep[] {
  const layers = ['lowerdir=/tmp/lower', 'upperdir=/tmp/upper', 'workdir=/tmp/work'];
  const mounted = step.mount({ type: 'overlay', target: '/tmp/merged', options: [...layers, ...options] });
  return [...LAYERS, ...between, mounted];
}

const OVERLAYS: readonly Trial[] = [
  {
    name: 'overlay',
    needed: false,
    detail: 'can be mounted in a user namespace',
    clone: USER_MOUNT,
    steps: overlay(['userxattr']),
  },
  {
    name: 'overlay in memory',
    needed: false,
    detail: 'what is written to an overlay can stay in memory, directories that are removed included',
    clone: USER_MOUNT,
    steps: overlay(['userxattr'], step.setXattr({ target: '/tmp/upper', name: 'user.overlay.carrel', value: 'y' })),
  },
];

/** What is to be tried on this machine, in the order of a report. */
export function trialsFor(ground: Ground): readonly Trial[] {
  const { host } = ground;
  return [
    ...bareTrials(ground),
    ...NAMESPACES,
    ...processTrials(ground),
    ...ofSettings(host),
    ...MOUNTS,
    ...OVERLAYS,
    lockedMounts(host),
    ...(canMapRange(host) ? ofRoot(ground) : []),
  ];
}

/** Settings are written through the /proc that a container has. */
function ofSettings(host: Host): readonly Trial[] {
  const proc = step.mount({ type: 'proc', target: '/proc' });
  const own = hasNewProc(define(undefined, {} satisfies DefinitionInput), host) ? [OWN, proc] : [];
  const kinds: readonly Namespace[] = own.length > 0 ? ['user', 'mount', 'pid'] : ['user'];
  return [
    {
      // Where it is refused the outer one is bound instead.
      name: 'new /proc',
      needed: false,
      detail: 'can be mounted',
      clone: ['user', 'mount', 'pid'],
      steps: [OWN, proc],
    },
    {
      // Where /proc/sys is read-only around this process, a container goes without those that carrel sets.
      name: 'settings',
      needed: false,
      detail: 'those of its namespaces are the container’s own',
      clone: [...kinds, 'network'],
      steps: [
        ...own,
        step.sysctl({ path: 'user/max_user_namespaces', value: '0' }),
        step.sysctl({ path: 'net/ipv4/ip_unprivileged_port_start', value: '1024' }),
      ],
    },
    {
      name: 'settings of ipc',
      needed: false,
      detail: "such as sysctl({ 'kernel.shmmni': 64 }) are the container’s own",
      clone: [...kinds, 'ipc'],
      steps: [...own, step.sysctl({ path: 'kernel/shmmni', value: '64' })],
    },
  ];
}

/** The second user namespace, whose root moves no mount of the first one. */
function lockedMounts(host: Host): Trial {
  const ids = canMapRange(host) ? [0, 0, 65_536] : [0, 0, 1];
  return {
    name: 'locked mounts',
    needed: false,
    detail: 'a container with CAP_SYS_ADMIN moves no mount of carrel’s',
    clone: USER_MOUNT,
    steps: [
      OWN,
      step.nestNamespaces({ slot: 0, namespaces: ['network', 'ipc', 'uts', 'cgroup'], uids: ids, gids: ids }),
      step.setns({ slot: 0, type: 'user' }),
      step.unshare({ namespaces: ['mount'] }),
    ],
  };
}

function ofRoot({ host, path }: Ground): readonly Trial[] {
  return [
    {
      name: 'pipes',
      needed: true,
      detail: 'can be given to the ids of a container',
      clone: [],
      given: 'pipe',
      before: [step.fchown({ slot: 0, uid: RANGE_FIRST, gid: RANGE_FIRST }) as HostStep],
    },
    {
      name: 'own user',
      needed: false,
      detail: 'can be changed without a user namespace',
      clone: [],
      steps: [step.setGroups({}), step.setUser({ uid: host.uid, gid: host.gid })],
    },
    {
      name: 'namespaces of root',
      needed: false,
      detail: 'can be made without a user namespace',
      clone: ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'],
      steps: [OWN, step.mount({ type: 'proc', target: '/proc' })],
    },
    {
      name: 'overlay on the host',
      needed: false,
      detail: 'can be mounted without a user namespace',
      clone: ['mount'],
      steps: overlay([]),
    },
    {
      name: 'idmapped mounts',
      needed: false,
      detail: `${path} can be shown with its owners mapped, as rootfs() and bind() do`,
      clone: USER_MOUNT,
      acts: [step.openTree({ slot: 0, source: path }), step.idmap({ slot: 0 })] as readonly HostStep[],
    },
  ];
}
