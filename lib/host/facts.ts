/** What `compile` knows of the machine. `host/probe.ts` asks for it; a test writes it by hand. */

import type { CgroupFacts } from '../cgroup/files.js';
import type { ResourceLimits } from '../definition/rlimits.js';
import { CAPABILITIES, type Capability } from '../plan/constants.js';
import type { Architecture } from '../seccomp/syscalls.js';

/** A run of ids: `count` ids from `inside` on are those from `outside` on. user_namespaces(7) */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** Something that exists on the host: a link and what it says, a directory, or a file. */
export interface HostPath {
  readonly path: string;
  readonly link?: string;
  readonly directory?: boolean;
  /** Where it really is, if links lead there. */
  readonly real?: string;
}

/** The program that this process runs, which is Node. */
export interface Executable {
  /** Itself, the packages of its installation and their commands, where it is not among the programs. */
  readonly shown: readonly HostPath[];
  /** Its directory, where its name alone leads elsewhere or nowhere: it comes first in the PATH. */
  readonly directory?: string;
}

/** What a file says; or why that is unknown. Neither where there is none. */
export interface HostText {
  readonly text?: string;
  readonly problem?: string;
}

/** A line of /proc/self/mountinfo. proc_pid_mountinfo(5) */
export interface HostMount {
  readonly id: number;
  /** The mount that it is on. */
  readonly parent: number;
  /** What of its file system it shows: `/` for all of it. */
  readonly root: string;
  readonly path: string;
  readonly options: readonly string[];
  readonly type: string;
}

/** What Landlock can do here. */
export interface LandlockFacts {
  /** The version of its interface, which the kernel's documentation calls ABI; 0 where there is none. */
  readonly version: number;
  /** Why there is none. */
  readonly obstacle?: string;
}

/** Which security modules that label programs are missing, and why. A module that is there is not named. */
export interface LabelFacts {
  readonly apparmor?: string;
  readonly selinux?: string;
}

/** A resolver of the host's, as /etc/resolv.conf names it. */
export interface Nameserver {
  readonly address: string;
  /** It is this machine itself, by the loopback or by another address of its own, or in one of its links only. */
  readonly local: boolean;
}

/** What a container can have as a way out. */
export interface OutboundFacts {
  /** Where the programs are that make one. pasta(1), slirp4netns(1) */
  readonly pasta?: string;
  readonly slirp4netns?: string;
  /** This user can open /dev/net/tun. */
  readonly tun: boolean;
  readonly nameservers: readonly Nameserver[];
  /** What else /etc/resolv.conf says: `search …`, `options …`. resolv.conf(5) */
  readonly lines: readonly string[];
}

export interface Host {
  readonly arch: Architecture;
  /** The kernel's release: `[6, 1]`. */
  readonly kernel: readonly [major: number, minor: number];
  /** Effective ids of this process. */
  readonly uid: number;
  readonly gid: number;
  /** Effective capabilities of this process, as bits. */
  readonly capabilities: bigint;
  /** Its user namespace denies setgroups(2): nobody there drops groups. user_namespaces(7) */
  readonly keepsGroups?: true;
  /** The ids that exist for this process: it may itself be in a user namespace. */
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Ranges that /etc/subuid and /etc/subgid give to somebody. */
  readonly reservedIds: readonly IdRange[];
  /** The ranges that /etc/subuid and /etc/subgid give this user; `inside` is 0. */
  readonly subordinate: { readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] };
  /** Where the helpers are that write maps for ordinary users. newuidmap(1) */
  readonly helpers: { readonly newuidmap?: string; readonly newgidmap?: string };
  /** Where programs are. */
  readonly programs: readonly HostPath[];
  /** The harmless parts of /etc and /var/lib. */
  readonly settings: readonly HostPath[];
  /** The program that this process runs. */
  readonly executable: Executable;
  /** What is mounted; later ones cover earlier ones. */
  readonly mounts: readonly HostMount[];
  /** Of the paths that were asked about for this container, those that exist. */
  readonly found: readonly HostPath[];
  /** The /proc around this process shows processes only, and no settings: it is mounted with subset=pid. proc(5) */
  readonly processesOnly?: true;
  /** Those of OCI's masked and read-only paths that this kernel has; all of those in a /proc that does not tell. */
  readonly masked: readonly string[];
  readonly readonly: readonly string[];
  /** The kernel has IPv6. */
  readonly ipv6?: true;
  /** Name resolution, for containers in the host's network. */
  readonly resolver: readonly HostPath[];
  /** The /etc/hosts that the container's own name is added to, where there is one: the host's, or the root's. */
  readonly hosts?: HostText;
  /** The host's name, where the container shares it. */
  readonly hostname?: string;
  /** Of the settings that a container gets its own of, those that this kernel has, by their paths below /proc/sys. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Resource limits of this process. */
  readonly rlimits: ResourceLimits;
  /** Asked for where there are limits only: to find out takes making one. */
  readonly cgroups?: CgroupFacts;
  /** Asked for where it is used only. */
  readonly landlock?: LandlockFacts;
  /** Asked for where one is used only. */
  readonly labels?: LabelFacts;
  /** Asked for where it is used only. */
  readonly outbound?: OutboundFacts;
}

export function hasCapability(host: Host, name: Capability): boolean {
  return (host.capabilities & CAPABILITIES[name]) !== 0n;
}
