/** Settings of the kernel that each namespace has for itself. */

import { contradiction, invalidType, invalidValue, withRemedy } from '../errors/errors.js';
import type { Namespace } from '../plan/constants.js';
import { text } from './checks.js';

/** Keys as paths below /proc/sys, `net/ipv4/ip_forward`, and their values. OCI `linux.sysctl`. */
export type Sysctl = Readonly<Record<string, string>>;

/**
 * Which keys belong to which namespace. ipc_namespaces(7), network_namespaces(7), uts_namespaces(7),
 * Documentation/admin-guide/sysctl
 */
const OWNERS: readonly (readonly [Namespace, RegExp])[] = [
  [
    'ipc',
    /^kernel\/(shmall|shmmax|shmmni|shm_rmid_forced|shm_next_id|msgmax|msgmnb|msgmni|msg_next_id|sem|sem_next_id)$/,
  ],
  ['ipc', /^fs\/mqueue\/[^/]+$/],
  ['network', /^net\/./],
  ['uts', /^kernel\/domainname$/],
];

const KEYS = 'kernel.shm*, kernel.msg*, kernel.sem*, fs.mqueue.*, net.*, kernel.domainname';

export function checkSysctl(value: unknown): Sysctl {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw withRemedy(invalidType('sysctl', 'an object', value), "{ 'net.ipv4.ip_forward': '1' }");
  const given = Object.entries(value as Readonly<Record<string, unknown>>).filter(
    ([, setting]) => setting !== undefined,
  );
  const settings = new Map<string, string>();
  for (const [key, setting] of given) {
    const path = checkKey(key);
    if (settings.has(path)) throw contradiction(`sysctl names "${key}" more than once`);
    settings.set(path, checkSetting(key, setting));
  }
  return Object.fromEntries(settings);
}

function checkKey(key: string): string {
  const path = pathOf(key);
  if (path === 'kernel/hostname') throw contradiction(`sysctl "${key}" is what hostname() sets`);
  if (namespaceOf(path) === undefined) {
    throw invalidValue('sysctl', `a key that each namespace has for itself: ${KEYS}`, key);
  }
  return path;
}

function checkSetting(key: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw invalidType(`sysctl["${key}"]`, 'a string or a number', value);
  }
  const setting = text(`sysctl["${key}"]`, String(value));
  // The kernel reads one line, and says nothing of what comes after.
  if (setting.includes('\n')) throw invalidValue(`sysctl["${key}"]`, 'one line', value);
  return setting;
}

/**
 * The path below /proc/sys. Where a key has a `/` that separates, and a `.` is part of a name, as of the interface
 * eth0.5. sysctl(8) Where it makes no path of a key, the empty text.
 */
function pathOf(key: string): string {
  const path = key.includes('/') ? key : key.replaceAll('.', '/');
  return /\0/.test(path) || path.split('/').some((part) => ['', '.', '..'].includes(part)) ? '' : path;
}

function namespaceOf(path: string): Namespace | undefined {
  return OWNERS.find(([, keys]) => keys.test(path))?.[0];
}

/** What of a namespace that is not new would be set for everybody in it. */
export function checkSysctlNamespaces(sysctl: Sysctl, namespaces: readonly unknown[]): void {
  for (const path of Object.keys(sysctl)) {
    const owner = namespaceOf(path);
    if (owner === undefined || namespaces.includes(owner)) continue;
    throw contradiction(
      `sysctl "${path.replaceAll('/', '.')}" belongs to the ${owner} namespace: ` +
        `it needs "${owner}" among the namespaces, new and not joined`,
    );
  }
}
