/** Which capabilities a container has. */

import { contradiction } from '../errors/errors.js';
import { CAPABILITIES, type Capability } from '../plan/constants.js';
import { array, distinct, knownOptions, object } from './checks.js';

/** All five sets of capabilities(7), as OCI has them in `process.capabilities`. */
export interface CapabilitySets {
  /** The most that a program can gain when it is executed. */
  readonly bounding: readonly Capability[];
  /** What counts when the kernel asks; each has to be permitted. */
  readonly effective: readonly Capability[];
  /** What may be made effective; each has to be in `bounding`. */
  readonly permitted: readonly Capability[];
  /** What a program that has it in its file, or as an ambient one, may keep; each has to be in `bounding`. */
  readonly inheritable: readonly Capability[];
  /**
   * Those that a user other than root keeps when a program is executed; each has to be permitted and inheritable. Linux
   * 4.3
   */
  readonly ambient: readonly Capability[];
}

/**
 * Capabilities as OCI names them: the whole list, changes to the default list, or each of the five sets. A set that is
 * left out is empty.
 */
export type CapabilityChoice =
  | readonly Capability[]
  | {
      /** Besides the default ones. Default: none. */
      readonly add?: readonly Capability[];
      /** Of the default ones. Default: none. */
      readonly drop?: readonly Capability[];
    }
  | Partial<CapabilitySets>;

/**
 * Podman's default list, Docker's without three: what a root user in a container rarely misses, and cannot do harm with
 * in namespaces of its own. CAP_NET_RAW opens packet sockets, whose rings are memory that no cgroup counts; ping works
 * without it. CAP_MKNOD and CAP_AUDIT_WRITE do nothing in a user namespace.
 */
export const DEFAULT_CAPABILITIES: readonly Capability[] = Object.freeze([
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_SETFCAP',
] as const);

const SETS = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const;

export function checkCapabilities(value: CapabilityChoice): readonly Capability[] | CapabilitySets {
  if (Array.isArray(value)) return capabilityList('capabilities', value);
  object('capabilities', value);
  if (SETS.some((name) => name in value)) return checkSets(value as Partial<CapabilitySets>);
  const { add, drop } = value as { add?: unknown; drop?: unknown };
  knownOptions('capabilities()', value, ['add', 'drop']);
  const dropped = capabilityList('capabilities.drop', drop ?? []);
  const kept = DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name));
  const added = capabilityList('capabilities.add', add ?? []);
  return [...kept, ...added.filter((name) => !kept.includes(name))];
}

/** Refuses at the beginning what the kernel would refuse at the end. capabilities(7) */
function checkSets(value: Partial<CapabilitySets>): CapabilitySets {
  knownOptions('capabilities()', value, SETS);
  const lists = SETS.map((name) => [name, capabilityList(`capabilities.${name}`, value[name] ?? [])] as const);
  const sets = Object.fromEntries(lists) as unknown as CapabilitySets;
  for (const [inner, outer] of [
    ['effective', 'permitted'],
    ['permitted', 'bounding'],
    ['inheritable', 'bounding'],
    ['ambient', 'permitted'],
    ['ambient', 'inheritable'],
  ] as const) {
    const wrong = sets[inner].find((name) => !sets[outer].includes(name));
    if (wrong !== undefined)
      throw contradiction(`capabilities.${inner} has ${wrong}, which capabilities.${outer} has not`);
  }
  return sets;
}

function capabilityList(name: string, value: unknown): readonly Capability[] {
  return distinct(name, array(name, value), Object.keys(CAPABILITIES)) as readonly Capability[];
}
