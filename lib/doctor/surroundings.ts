/** What stands around this process, as a finding; and how to loosen it, in the words of who has made it. Pure. */

import type { Outer, Surroundings } from '../host/surroundings.js';
import type { Finding } from './findings.js';

/** What around this process can be in the way. */
type Obstacle = 'filter' | 'label' | 'proc';

/**
 * Options of who has made the surroundings. docker-run(1), podman-run(1), systemd.exec(5), and of Kubernetes
 * the API's SecurityContext
 */
const OPTIONS: Readonly<Record<Exclude<Outer, 'gVisor'>, Readonly<Record<Obstacle, string>>>> = {
  Docker: {
    filter: '--security-opt seccomp=unconfined',
    label: '--security-opt apparmor=unconfined',
    proc: '--security-opt systempaths=unconfined',
  },
  Podman: {
    filter: '--security-opt seccomp=unconfined',
    label: '--security-opt apparmor=unconfined --security-opt label=disable',
    proc: '--security-opt unmask=ALL',
  },
  Kubernetes: {
    filter: 'seccompProfile: { type: Unconfined }',
    label: 'appArmorProfile: { type: Unconfined }',
    proc: 'procMount: Unmasked',
  },
  'a systemd service': {
    filter: 'RestrictNamespaces=no SystemCallFilter= RestrictAddressFamilies=',
    label: 'AppArmorProfile=',
    proc: 'ProtectKernelTunables=no ProtectKernelLogs=no ProtectProc=default ProcSubset=all',
  },
};

const WHERE: Readonly<Record<Exclude<Outer, 'gVisor'>, (options: string) => string>> = {
  Docker: (options) => `docker run ${options}`,
  Podman: (options) => `podman run ${options}`,
  Kubernetes: (options) => `securityContext: { ${options} } of the container, and hostUsers: false of the pod`,
  'a systemd service': (options) => `in the unit: ${options}`,
};

/**
 * @param partlyHidden Whether the kernel refuses a new /proc, because the one around this process is partly hidden.
 * @param refused Whether anything was refused that these may have to do with.
 */
export function surroundings(
  { outer, filtered, noNewPrivileges, label }: Surroundings,
  partlyHidden: boolean,
  refused: boolean,
): Finding {
  const obstacles: readonly Obstacle[] = [
    ...(filtered ? ['filter' as const] : []),
    ...(label === undefined ? [] : ['label' as const]),
    ...(partlyHidden ? ['proc' as const] : []),
  ];
  const parts = [
    ...(outer === undefined ? [] : [`inside ${outer}`]),
    ...(filtered ? ['a filter of system calls'] : []),
    ...(label === undefined ? [] : [`the label ${label}`]),
    ...(partlyHidden ? ['a /proc that is partly hidden'] : []),
    ...(noNewPrivileges ? ['no new privileges'] : []),
  ];
  const remedy = refused ? remedyFor(outer, obstacles) : undefined;
  return {
    name: 'surroundings',
    ok: remedy === undefined,
    needed: false,
    detail: parts.length === 0 ? 'nothing is known to be in the way' : parts.join(', '),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

const GVISOR =
  'gVisor is a kernel of its own, which lacks some of these calls: give the pod or container another runtime, such ' +
  'as runc or Kata Containers';

function remedyFor(outer: Outer | undefined, obstacles: readonly Obstacle[]): string | undefined {
  if (outer === 'gVisor') return GVISOR;
  if (outer === undefined || obstacles.length === 0) return undefined;
  const options = obstacles.map((obstacle) => OPTIONS[outer][obstacle]);
  return WHERE[outer](options.join(outer === 'Kubernetes' ? ', ' : ' '));
}
