/** Names that a container has beside those of its files, and the addresses that they lead to. */

import { contradiction, invalidType, invalidValue, outOfRange, withRemedy } from '../errors/errors.js';
import { addressBytes } from '../plan/addresses.js';
import type { Namespace } from '../plan/constants.js';
import { HOSTS_FILE, isWithin } from '../plan/paths.js';
import { text } from './checks.js';
import type { Mount } from './mounts.js';
import type { JoinedNamespace } from './namespaces.js';

/** Addresses by names, which are in lower case. hosts(5) */
export type Hosts = Readonly<Record<string, string>>;

/** A program searches the file from its beginning at each look-up. */
const NAMES_MOST = 1000;
const EXAMPLE = "{ db: '127.0.0.1' }";

export function checkHosts(value: unknown): Hosts {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Map) {
    throw withRemedy(invalidType('hosts', 'an object', value), EXAMPLE);
  }
  const hosts = new Map<string, string>();
  for (const [given, address] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    if (address === undefined) continue;
    const name = checkName(given);
    if (hosts.has(name))
      throw contradiction(`hosts names "${given}" more than once: upper and lower case are the same`);
    hosts.set(name, checkAddress(given, address));
  }
  if (hosts.size > NAMES_MOST) throw outOfRange('hosts', `an object of up to ${NAMES_MOST} names`, hosts.size);
  // Not by assignment: a host may be called __proto__.
  return Object.fromEntries(hosts);
}

/** Names of DNS, and those with underscores that Docker Compose has. An address is taken for itself. RFC 1123 */
function checkName(name: string): string {
  if (isAddress(name)) throw withRemedy(invalidValue('hosts', 'addresses by names', name), EXAMPLE);
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))) {
    throw invalidValue('hosts: a name', 'letters, digits, "-", "_" and ".", up to 63 between dots, 253 in all', name);
  }
  return name.toLowerCase();
}

function checkAddress(name: string, value: unknown): string {
  const address = text(`hosts.${name}`, value);
  if (!isAddress(address)) {
    throw invalidValue(`hosts.${name}`, 'an address of IPv4 or IPv6, such as "127.0.0.1" or "::1"', value);
  }
  return address;
}

/** As inet_pton(3) reads them: four numbers, or IPv6 without a zone. */
export function isAddress(value: string): boolean {
  return addressBytes(value) !== undefined;
}

/** They are written into a file of the container's own. */
export function checkHostsFile(
  hosts: Hosts,
  namespaces: readonly (Namespace | JoinedNamespace)[],
  mounts: readonly Mount[],
): void {
  if (Object.keys(hosts).length === 0) return;
  if (!namespaces.includes('mount')) {
    throw contradiction(
      `hosts needs "mount" among the namespaces, new and not joined: else ${HOSTS_FILE} is the host's`,
    );
  }
  const cover = mounts.find(({ target }) => target !== '/' && isWithin(HOSTS_FILE, target));
  if (cover !== undefined) throw contradiction(`hosts and a mount on ${cover.target} exclude each other`);
}
