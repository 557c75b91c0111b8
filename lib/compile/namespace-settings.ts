/** What the container's new namespaces are set to, once its mounts are made. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { DEFAULT_HOSTNAME } from './names.js';

const DOMAINNAME = 'kernel/domainname';

/** Names, and the loopback interface. */
export function namespaceSettings(definition: ContainerDefinition): readonly ContainerStep[] {
  const { namespaces, hostname, network } = definition;
  return [
    ...(namespaces.includes('uts')
      ? [
          { op: 'setHostname', hostname: hostname ?? DEFAULT_HOSTNAME, from: 'hostname()' } as const,
          domainname(definition),
        ]
      : []),
    ...(namespaces.includes('network')
      ? [{ op: 'linkUp', name: 'lo', from: network === undefined ? 'namespaces()' : 'network()' } as const]
      : []),
    // Without mounts of its own /proc is the host's, and shows each process what is its own.
    ...(namespaces.includes('mount') ? [] : sysctls(definition)),
  ];
}

/** A new one begins as a copy of the host's, which is nobody's business inside. uts_namespaces(7) */
function domainname({ domainname: own, sysctl }: ContainerDefinition): StepOf<'setDomainname'> {
  const setting = sysctl[DOMAINNAME];
  // The kernel's own word for none. UTS_DOMAINNAME
  if (setting === undefined) return { op: 'setDomainname', domainname: own ?? '(none)', from: 'domainname()' };
  return { op: 'setDomainname', domainname: setting, from: 'sysctl()' };
}

/**
 * Settings, before /proc/sys becomes read-only. The domain name has a system call, which root of a user namespace may
 * make; its key only the host's root may write.
 */
export function sysctls({ sysctl }: ContainerDefinition): readonly StepOf<'sysctl'>[] {
  return Object.entries(sysctl)
    .filter(([path]) => path !== DOMAINNAME)
    .map(([path, value]) => ({ op: 'sysctl', path, value, from: 'sysctl()' }));
}
