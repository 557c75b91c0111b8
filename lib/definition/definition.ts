/** What a container is: plain data, its defaults, and the check of the whole. */

import { contradiction } from '../errors/errors.js';
import type { Capability, Namespace } from '../plan/constants.js';
import { freezeDeep } from '../plan/plan.js';
import { type CapabilityChoice, type CapabilitySets, checkCapabilities, DEFAULT_CAPABILITIES } from './capabilities.js';
import { array, boolean, containerPath, environment, hostPath, integer, knownOptions, object } from './checks.js';
import type { EgressList } from './egress.js';
import { checkHosts, checkHostsFile, type Hosts } from './hosts.js';
import { checkIdmap, type IdMap } from './idmap.js';
import { checkInserted, type InsertedStep } from './inserted.js';
import { checkMask, checkProc, type ProcChoice } from './kernel-files.js';
import { checkApparmor, checkSelinux } from './labels.js';
import { checkLandlock, type Landlock, type LandlockInput } from './landlock.js';
import { checkLimits, type Limits, type LimitsInput } from './limits.js';
import { checkMount, type Mount } from './mounts.js';
import {
  checkDomainname,
  checkHostname,
  checkNamespaces,
  checkTimeOffsets,
  DEFAULT_NAMESPACES,
  type JoinedNamespace,
  type NamespaceEntry,
  type TimeOffsets,
  type TimeOffsetsInput,
} from './namespaces.js';
import {
  checkNetwork,
  checkNetworkNamespace,
  checkOutboundCapabilities,
  isJoined,
  type JoinedNetwork,
  type Network,
  type NetworkInput,
  withJoinedNetwork,
  withNetwork,
} from './network.js';
import { checkOverlay, type Overlay } from './overlay.js';
import { checkPublication, checkPublished, type Publication, type PublicationInput } from './publish.js';
import { checkRlimits, type ResourceLimits, type ResourceLimitsInput } from './rlimits.js';
import { checkCpuAffinity, checkNice, checkOomScoreAdj } from './scheduling.js';
import { checkSeccomp, type Seccomp, type SeccompInput } from './seccomp.js';
import { checkSysctl, checkSysctlNamespaces, type Sysctl } from './sysctl.js';
import { checkUser, type NamedUser, type User, type UserInput } from './user.js';
import { checkEntrypoint, checkWords } from './words.js';

/**
 * The whole definition of a container, as plain data, checked. The method of {@link Container} of the same name says
 * what a part means, and its default.
 */
export interface ContainerDefinition {
  /**
   * An absolute path of the host, or directories laid over each other; `undefined`: the host's programs and none of its
   * data.
   */
  readonly rootfs?: string | Overlay;
  readonly readonly: boolean;
  /** In the order in which carrel makes them. */
  readonly mounts: readonly Mount[];
  /** Absolute paths in the container that are hidden. */
  readonly mask: readonly string[];
  readonly proc: ProcChoice;
  /** The new ones by their names, and the joined ones. */
  readonly namespaces: readonly (Namespace | JoinedNamespace)[];
  readonly idmap: IdMap;
  /** `undefined`: `carrel`, where `uts` is new. */
  readonly hostname?: string;
  /** `undefined`: none. */
  readonly domainname?: string;
  /** Addresses by names in lower case, which /etc/hosts has beside its own. */
  readonly hosts: Hosts;
  /** What the namespaces say of the network, where the caller used this word; or whose it is. */
  readonly network?: Network | EgressList | JoinedNetwork;
  /** Ports that the host forwards to, each once. */
  readonly publish: readonly Publication[];
  readonly timeOffsets: TimeOffsets;
  /** The words before `command`; `undefined`: none. */
  readonly entrypoint?: readonly string[];
  /** What runs where a call names no file; `undefined`: nothing. */
  readonly command?: readonly string[];
  /** The caller's variables; PATH, HOME and TERM have defaults beside them. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** In numbers, or by names that the container's own files have. */
  readonly user: User | NamedUser;
  /** Root's, and the most that any program inside can have; or all five sets. */
  readonly capabilities: readonly Capability[] | CapabilitySets;
  readonly noNewPrivileges: boolean;
  /** A profile as it was checked. */
  readonly seccomp: Seccomp;
  /** `undefined`: no restrictions. */
  readonly landlock?: Landlock;
  /** A profile; `undefined`: none is asked for. */
  readonly apparmor?: string;
  /** A context; `undefined`: none is asked for. */
  readonly selinux?: string;
  readonly rlimits: ResourceLimits;
  readonly sysctl: Sysctl;
  /** The file mode creation mask. */
  readonly umask: number;
  /** `undefined`: the caller's. */
  readonly nice?: number;
  /** `undefined`: the caller's. */
  readonly oomScoreAdj?: number;
  /** CPUs in order; `undefined`: the caller's. */
  readonly cpuAffinity?: readonly number[];
  /** `undefined`: carrel makes no cgroup. */
  readonly limits?: Limits;
  readonly init: boolean;
  /** Steps of the caller's own. */
  readonly steps: readonly InsertedStep[];
}

/**
 * What `new Container()` takes: any part of a definition. Each is what the method of {@link Container} of that name
 * takes, which says its default and its errors. `mounts` is for `mount()`, `steps` for `step()`. `undefined` means the
 * default, an empty list none.
 */
export interface DefinitionInput {
  readonly rootfs?: string | URL | Overlay | undefined;
  readonly readonly?: boolean | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  readonly mask?: readonly string[] | undefined;
  readonly proc?: ProcChoice | undefined;
  readonly namespaces?: readonly NamespaceEntry[] | undefined;
  readonly idmap?: IdMap | undefined;
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  readonly network?: NetworkInput | undefined;
  readonly publish?: readonly PublicationInput[] | undefined;
  readonly timeOffsets?: TimeOffsetsInput | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly user?: UserInput | undefined;
  readonly capabilities?: CapabilityChoice | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  readonly seccomp?: SeccompInput | undefined;
  readonly landlock?: LandlockInput | undefined;
  readonly apparmor?: string | undefined;
  readonly selinux?: string | undefined;
  readonly rlimits?: ResourceLimitsInput | undefined;
  readonly sysctl?: Readonly<Record<string, string | number>> | undefined;
  readonly umask?: number | undefined;
  readonly nice?: number | undefined;
  readonly oomScoreAdj?: number | undefined;
  readonly cpuAffinity?: readonly number[] | string | undefined;
  readonly limits?: LimitsInput | undefined;
  readonly init?: boolean | undefined;
  readonly steps?: readonly InsertedStep[] | undefined;
}

const DEFAULTS: ContainerDefinition = freezeDeep({
  readonly: false,
  mounts: [],
  mask: [],
  proc: 'auto',
  namespaces: DEFAULT_NAMESPACES,
  idmap: 'auto',
  hosts: {},
  publish: [],
  timeOffsets: {},
  env: {},
  cwd: '/',
  user: { uid: 0, gid: 0 },
  capabilities: DEFAULT_CAPABILITIES,
  noNewPrivileges: true,
  seccomp: 'default',
  rlimits: {},
  sysctl: {},
  umask: 0o022,
  init: true,
  steps: [],
});

/** One check for each part of a definition: turns what the caller gave into what the definition holds, or throws. */
const PARTS: {
  readonly [K in keyof DefinitionInput]-?: (value: NonNullable<DefinitionInput[K]>, from: number) => unknown;
} = {
  rootfs: (value) =>
    typeof value === 'object' && !(value instanceof URL) ? checkOverlay('rootfs', value) : hostPath('rootfs', value),
  readonly: (value) => boolean('readonly', value),
  mounts: (value, from) => array('mounts', value).map((mount, index) => checkMount(`mounts[${from + index}]`, mount)),
  mask: checkMask,
  proc: checkProc,
  namespaces: checkNamespaces,
  idmap: checkIdmap,
  hostname: checkHostname,
  domainname: checkDomainname,
  hosts: checkHosts,
  network: checkNetwork,
  publish: (value, from) =>
    array('publish', value).map((one, index) => checkPublication(`publish[${from + index}]`, one)),
  timeOffsets: checkTimeOffsets,
  entrypoint: checkEntrypoint,
  command: (value) => checkWords('command', value),
  env: (value) => environment('env', value),
  cwd: (value) => containerPath('cwd', value),
  user: checkUser,
  capabilities: checkCapabilities,
  limits: checkLimits,
  noNewPrivileges: (value) => boolean('noNewPrivileges', value),
  seccomp: checkSeccomp,
  landlock: checkLandlock,
  apparmor: checkApparmor,
  selinux: checkSelinux,
  rlimits: checkRlimits,
  sysctl: checkSysctl,
  umask: (value) => integer('umask', value, 0, 0o777),
  nice: checkNice,
  oomScoreAdj: checkOomScoreAdj,
  cpuAffinity: checkCpuAffinity,
  init: (value) => boolean('init', value),
  steps: (value, from) => array('steps', value).map((step, index) => checkInserted(`steps[${from + index}]`, step)),
};

/** Checks one part. `from` is the number of its first entry, which errors name. */
export function checkPart(name: keyof DefinitionInput, value: unknown, from = 0): unknown {
  return (PARTS[name] as (value: unknown, from: number) => unknown)(value, from);
}

/** Lays `changes` over a definition. Checks every part, and that the parts go together. */
export function define(base: ContainerDefinition | undefined, changes: DefinitionInput): ContainerDefinition {
  object('definition', changes);
  knownOptions('definition', changes, Object.keys(PARTS));
  const next: Record<string, unknown> = { ...(base ?? DEFAULTS) };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next[name] = (DEFAULTS as unknown as Record<string, unknown>)[name];
    else next[name] = checkPart(name as keyof DefinitionInput, value);
    if (next[name] === undefined) delete next[name];
  }
  spellNetwork(next, changes, base?.network);
  const definition = freezeDeep(next as unknown as ContainerDefinition);
  checkWhole(definition);
  return definition;
}

/** What `network` says, `namespaces` says too: changed with it, unless they were given together. */
function spellNetwork(
  next: Record<string, unknown>,
  changes: DefinitionInput,
  was: ContainerDefinition['network'],
): void {
  const { namespaces, network } = next as unknown as ContainerDefinition;
  if ('network' in changes && changes.namespaces === undefined) {
    // To take another network back is to have one of one's own again.
    const word = network ?? (was === undefined ? undefined : 'none');
    if (word !== undefined) next.namespaces = withNetwork(namespaces, word, was);
  } else if (isJoined(network)) next.namespaces = withJoinedNetwork(namespaces, network);
}

/** Checks that the parts go together. */
export function checkWhole(definition: ContainerDefinition): void {
  const { namespaces, rootfs, mounts, mask, hostname, domainname, hosts, network, publish, sysctl, idmap } = definition;
  const { capabilities } = definition;
  // Mounts made in the host's own mount namespace would stay on the host. mount_namespaces(7)
  if (!namespaces.includes('mount') && (rootfs !== undefined || mounts.length > 0 || mask.length > 0)) {
    throw contradiction('rootfs, mounts and mask need "mount" among the namespaces, new and not joined');
  }
  if (rootfs !== undefined && mounts.some(({ target }) => target === '/')) {
    throw contradiction('an overlay on "/" is for a container without rootfs: give rootfs the overlay');
  }
  if (!namespaces.includes('uts') && hostname !== undefined) {
    throw contradiction('hostname needs "uts" among the namespaces: it would rename the host');
  }
  if (!namespaces.includes('uts') && domainname !== undefined) {
    throw contradiction('domainname needs "uts" among the namespaces: it would rename the host');
  }
  if (!namespaces.includes('user') && idmap !== 'auto') {
    throw contradiction('idmap needs "user" among the namespaces, new and not joined: else ids are what they are');
  }
  checkNetworkNamespace(namespaces, network);
  checkOutboundCapabilities(network, 'bounding' in capabilities ? capabilities.bounding : capabilities);
  checkHostsFile(hosts, namespaces, mounts);
  checkPublished(publish, namespaces);
  checkSysctlNamespaces(sysctl, namespaces);
  if (domainname !== undefined && sysctl['kernel/domainname'] !== undefined) {
    throw contradiction('domainname and sysctl "kernel.domainname" are the same: give one of them');
  }
}
