/** Which namespaces a container has of its own, and what it is called in them. */

import { invalidValue } from '../errors.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import { array, distinct, text } from './checks.js';

/** Every namespace that a container has of its own unless told otherwise. `time` is not among them: nothing leaks by clocks. */
export const DEFAULT_NAMESPACES: readonly Namespace[] = Object.freeze([
  'user',
  'mount',
  'pid',
  'network',
  'ipc',
  'uts',
  'cgroup',
] as const);

export function checkHostname(value: unknown): string {
  const name = text('hostname', value);
  // The kernel holds 64 bytes, gethostname(2); letters, digits, '-' and '.' as hostname(7) has it.
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/.test(name)) {
    throw invalidValue('hostname', '1 to 64 letters, digits, "-" and ".", with a letter or digit at both ends', value);
  }
  return name;
}

export function checkNamespaces(value: unknown): readonly Namespace[] {
  return distinct('namespaces', array('namespaces', value), Object.keys(NAMESPACES)) as readonly Namespace[];
}
