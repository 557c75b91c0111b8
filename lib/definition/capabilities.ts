/** Which capabilities a container has. */

import { CAPABILITIES, type Capability } from '../plan/constants.js';
import { array, distinct, knownOptions, object } from './checks.js';

/** Capabilities as OCI names them: the whole list, or changes to the default list. */
export type CapabilityChoice =
  | readonly Capability[]
  | { readonly add?: readonly Capability[]; readonly drop?: readonly Capability[] };

/** Docker's default list: what a root user in a container rarely misses, and cannot do harm with in namespaces of its own. */
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
  'CAP_NET_RAW',
  'CAP_SYS_CHROOT',
  'CAP_MKNOD',
  'CAP_AUDIT_WRITE',
  'CAP_SETFCAP',
] as const);

export function checkCapabilities(value: CapabilityChoice): readonly Capability[] {
  if (Array.isArray(value)) return capabilityList('capabilities', value);
  object('capabilities', value);
  const { add, drop } = value as { add?: unknown; drop?: unknown };
  knownOptions('capabilities()', value, ['add', 'drop']);
  const dropped = capabilityList('capabilities.drop', drop ?? []);
  const kept = DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name));
  const added = capabilityList('capabilities.add', add ?? []);
  return [...kept, ...added.filter((name) => !kept.includes(name))];
}

function capabilityList(name: string, value: unknown): readonly Capability[] {
  return distinct(name, array(name, value), Object.keys(CAPABILITIES)) as readonly Capability[];
}
