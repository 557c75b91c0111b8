/** What a caller without rights can start: containers with a user namespace, and commands that are the caller. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { NamedUser, User } from '../definition/user.js';
import { contradiction } from '../errors/errors.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { Capability } from '../plan/constants.js';
import { hasNamespace } from './ids.js';

/** To become another user, and to take capabilities away for good. */
const NEEDED: readonly Capability[] = ['CAP_SETPCAP', 'CAP_SETGID', 'CAP_SETUID'];

/** Whether the command is the caller, who can make it nobody else: without any namespace, by an ordinary user. */
export function isCaller({ namespaces }: ContainerDefinition, host: Host): boolean {
  return namespaces.length === 0 && !NEEDED.every((name) => hasCapability(host, name));
}

/** Who the command is to be. Root, the default, is the caller there, as in an ordinary user's containers. */
export function userOf(definition: ContainerDefinition, user: User | NamedUser, host: Host): User | NamedUser {
  if (!isCaller(definition, host) || 'name' in user || user.uid !== 0 || user.gid !== 0) return user;
  return { ...user, uid: host.uid, gid: host.gid };
}

/** What the kernel would refuse step by step is said at once, in one sentence. */
export function checkCaller(definition: ContainerDefinition, { uid, gid }: User, host: Host): void {
  const { namespaces, noNewPrivileges } = definition;
  if (hasNamespace(definition, 'user')) return;
  const missing = (name: Capability): boolean => !hasCapability(host, name);
  if (namespaces.length > 0 && missing('CAP_SYS_ADMIN')) {
    throw contradiction('namespaces without "user" need CAP_SYS_ADMIN: keep "user" among them, or run as root');
  }
  if (!isCaller(definition, host)) {
    if (!NEEDED.some(missing)) return;
    throw contradiction(`namespaces without "user" need ${NEEDED.join(', ')}: keep "user" among them, or run as root`);
  }
  if (uid !== host.uid || gid !== host.gid) {
    throw contradiction(
      `user ${uid}:${gid}: without a user namespace an ordinary user’s command is that user, ${host.uid}:${host.gid}`,
    );
  }
  // Set-user-id programs could have every capability.
  if (!noNewPrivileges) {
    throw contradiction('noNewPrivileges(false) without a user namespace needs root: keep "user" among the namespaces');
  }
}
