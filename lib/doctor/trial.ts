/** What a trial is, and which there are. */

import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';

/** What trials are made of. */
export interface Ground {
  /** With what it can do with cgroups, and by Landlock. */
  readonly host: Host;
  /** Where root file systems will be. */
  readonly path: string;
  /** A CPU that this process can use. */
  readonly cpu?: number;
}

/** Something to be tried. */
export interface Trial {
  readonly name: TrialName;
  /** Whether the default container needs it. */
  readonly needed: boolean;
  /** What there is where it succeeds. */
  readonly detail: string;
  readonly clone: readonly Namespace[];
  /** What the child does before ids are mapped. */
  readonly first?: readonly ContainerStep[];
  /** What the supervisor does when they are. */
  readonly acts?: readonly HostStep[];
  readonly steps?: readonly ContainerStep[];
  /** What the supervisor does on the host, before and after. */
  readonly before?: readonly HostStep[];
  readonly after?: readonly HostStep[];
  /** What slot 0 holds: a pipe of the caller's, or the socket by which a terminal's bytes come. */
  readonly given?: 'pipe' | 'terminal';
}

/** Each of them once. The table of `tried-by.ts` says which steps are tried by which. */
export type TrialName =
  | 'launcher'
  | 'paths'
  | 'no new privileges'
  | 'seccomp'
  | 'seccomp listener'
  | 'session keyring'
  | 'own capabilities'
  | 'own user'
  | 'landlock rules'
  | 'rlimits'
  | 'higher rlimits'
  | 'nice'
  | 'lower nice'
  | 'oom_score_adj'
  | 'lower oom_score_adj'
  | 'CPU affinity'
  | 'user namespace'
  | 'mount namespace'
  | 'pid namespace'
  | 'network namespace'
  | 'second network'
  | 'ipc namespace'
  | 'uts namespace'
  | 'cgroup namespace'
  | 'time namespace'
  | 'clock offsets'
  | 'joined namespaces'
  | 'namespaces of root'
  | 'capabilities'
  | 'settings'
  | 'settings of ipc'
  | 'new /proc'
  | 'outer /proc'
  | 'new /sys'
  | 'binds'
  | 'devices'
  | 'read-only mounts'
  | 'files'
  | 'pivot_root'
  | 'private layers'
  | 'message queues'
  | 'terminals'
  | 'locked mounts'
  | 'overlay'
  | 'overlay in memory'
  | 'overlay on the host'
  | 'idmapped mounts'
  | 'pipes'
  | 'own cgroups';
