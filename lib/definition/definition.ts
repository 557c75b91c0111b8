/** What a container is: plain data, its defaults, and the check of the whole. */

import { contradiction } from '../errors.js';
import type { Capability, Namespace } from '../plan/constants.js';
import { freezeDeep } from '../plan/plan.js';
import { type CapabilityChoice, checkCapabilities, DEFAULT_CAPABILITIES } from './capabilities.js';
import { array, boolean, containerPath, environment, hostPath, knownOptions, object, oneOf } from './checks.js';
import { checkMount, type Mount } from './mounts.js';
import {
  checkHostname,
  checkNamespaces,
  checkTimeOffsets,
  DEFAULT_NAMESPACES,
  type JoinedNamespace,
  type NamespaceEntry,
  type TimeOffsets,
  type TimeOffsetsInput,
} from './namespaces.js';
import { checkInserted, type InsertedStep } from './steps.js';
import { checkUser, type User } from './user.js';

/** The whole definition of a container, as plain data. */
export interface ContainerDefinition {
  /** An absolute path of the host; `undefined`: the host's programs and none of its data. */
  readonly rootfs?: string;
  readonly readonly: boolean;
  readonly mounts: readonly Mount[];
  /** Those that are new by their names, and those that are joined. */
  readonly namespaces: readonly (Namespace | JoinedNamespace)[];
  readonly idmap: 'auto';
  readonly hostname?: string;
  readonly timeOffsets: TimeOffsets;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly capabilities: readonly Capability[];
  readonly noNewPrivileges: boolean;
  readonly init: boolean;
  /** Steps of the caller's own. */
  readonly steps: readonly InsertedStep[];
}

/** What may be given to `new Container()`: any part of a definition, in the forms that the builder takes. */
export interface DefinitionInput {
  readonly rootfs?: string | URL | undefined;
  readonly readonly?: boolean | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  readonly namespaces?: readonly NamespaceEntry[] | undefined;
  readonly idmap?: 'auto' | undefined;
  readonly hostname?: string | undefined;
  readonly timeOffsets?: TimeOffsetsInput | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly user?: number | string | User | undefined;
  readonly capabilities?: CapabilityChoice | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  readonly init?: boolean | undefined;
  readonly steps?: readonly InsertedStep[] | undefined;
}

const DEFAULTS: ContainerDefinition = freezeDeep({
  readonly: false,
  mounts: [],
  namespaces: DEFAULT_NAMESPACES,
  idmap: 'auto',
  timeOffsets: {},
  env: {},
  cwd: '/',
  user: { uid: 0, gid: 0 },
  capabilities: DEFAULT_CAPABILITIES,
  noNewPrivileges: true,
  init: true,
  steps: [],
});

/** One check for each part of a definition: turns what the caller gave into what the definition holds, or throws. */
const PARTS: { readonly [K in keyof DefinitionInput]-?: (value: NonNullable<DefinitionInput[K]>) => unknown } = {
  rootfs: (value) => hostPath('rootfs', value),
  readonly: (value) => boolean('readonly', value),
  mounts: (value) => array('mounts', value).map((mount, index) => checkMount(`mounts[${index}]`, mount)),
  namespaces: checkNamespaces,
  idmap: (value) => oneOf('idmap', value, ['auto']),
  hostname: checkHostname,
  timeOffsets: checkTimeOffsets,
  env: (value) => environment('env', value),
  cwd: (value) => containerPath('cwd', value),
  user: checkUser,
  capabilities: checkCapabilities,
  noNewPrivileges: (value) => boolean('noNewPrivileges', value),
  init: (value) => boolean('init', value),
  steps: (value) => array('steps', value).map((step, index) => checkInserted(`steps[${index}]`, step)),
};

/** Lays `changes` over a definition. Checks every part, and that the parts go together. */
export function define(base: ContainerDefinition | undefined, changes: DefinitionInput): ContainerDefinition {
  object('definition', changes);
  knownOptions('definition', changes, Object.keys(PARTS));
  const next: Record<string, unknown> = { ...(base ?? DEFAULTS) };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next[name] = (DEFAULTS as unknown as Record<string, unknown>)[name];
    else next[name] = (PARTS[name as keyof DefinitionInput] as (value: unknown) => unknown)(value);
    if (next[name] === undefined) delete next[name];
  }
  const definition = freezeDeep(next as unknown as ContainerDefinition);
  checkWhole(definition);
  return definition;
}

function checkWhole({ namespaces, rootfs, mounts, hostname }: ContainerDefinition): void {
  // Mounts made in the host's own mount namespace would stay on the host. mount_namespaces(7)
  if (!namespaces.includes('mount') && (rootfs !== undefined || mounts.length > 0)) {
    throw contradiction('rootfs and mounts need "mount" among the namespaces, new and not joined');
  }
  if (!namespaces.includes('uts') && hostname !== undefined) {
    throw contradiction('hostname needs "uts" among the namespaces: it would rename the host');
  }
}
