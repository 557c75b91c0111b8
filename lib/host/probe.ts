/** Asks the machine what `compile` must know of it. Nothing here changes anything. */

import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { hostname, release, userInfo } from 'node:os';
import type { CgroupFacts } from '../cgroup/files.js';
import type { Questions } from '../compile/questions.js';
import { OWN_SYSCTLS } from '../compile/quotas.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { unsupported } from '../errors/errors.js';
import { isSame, Memo } from '../plan/memo.js';
import { HOSTS_FILE } from '../plan/paths.js';
import { executable } from './executable.js';
import type { Host, HostPath, HostText, LabelFacts, LandlockFacts, OutboundFacts } from './facts.js';
import { probeLabels } from './labels.js';
import { probeLandlock } from './landlock.js';
import { readMounts } from './mountinfo.js';
import { probeOutbound } from './outbound.js';
import { idRanges, kernelRelease, mountsOf, resourceLimits, subordinateRanges } from './parsers.js';
import { realPath } from './real-path.js';
import { runtimeLack } from './runtime.js';
import { Settings } from './settings.js';
import { readSysctl } from './sysctl.js';
import { readInRoot } from './users.js';

/** How long what an administrator can change counts before it is asked for again, in milliseconds. */
const FRESH_MS = 1000;

const settings = new Settings();
let facts: Host | undefined;
let askedMs = 0;

/**
 * The facts of this machine and this process. What stays as it is was asked for once: the kernel, and the rights and
 * limits of this process, which the launcher has taken over when it was started. What packages and administrators
 * change counts within a second.
 */
export function probe(nowMs: number = performance.now()): Host {
  if (facts !== undefined && nowMs - askedMs < FRESH_MS) return facts;
  const constant = facts ?? askOnce();
  const now: Host = { ...constant, ...changeable() };
  if (!isSame(facts, now)) facts = Object.freeze(now);
  askedMs = nowMs;
  return facts ?? now;
}

/** What can change while this process runs. */
type Changeable = Pick<
  Host,
  'settings' | 'sysctls' | 'resolver' | 'subordinate' | 'reservedIds' | 'masked' | 'readonly'
>;

function changeable(): Changeable {
  const [uids, gids, names] = [read('/etc/subuid'), read('/etc/subgid'), callerNames()];
  const processesOnly = showsProcessesOnly();
  // A new /proc has what that one hides: then its paths are masked where they are there.
  const isThere = (path: string): boolean => (processesOnly && path.startsWith('/proc/')) || entry(path).length > 0;
  return {
    settings: settings.entries(),
    sysctls: Object.fromEntries(OWN_SYSCTLS.flatMap(setting)),
    resolver: ['/etc/resolv.conf', HOSTS_FILE].flatMap((path) => entry(realPath(path))),
    subordinate: { uid: subordinateRanges(uids, names), gid: subordinateRanges(gids, names) },
    reservedIds: [...subordinateRanges(uids), ...subordinateRanges(gids)],
    // A kernel module brings some.
    masked: MASKED.filter(isThere),
    readonly: READONLY.filter(isThere),
  };
}

/** Whether the /proc around this process is mounted with subset=pid. proc(5) */
function showsProcessesOnly(): boolean {
  return entry('/proc/sys').length === 0;
}

const factsWithCgroups = new Memo((cgroups: CgroupFacts, host: Host): Host => Object.freeze({ ...host, cgroups }));
const factsWithLandlock = new Memo((landlock: LandlockFacts, host: Host): Host => Object.freeze({ ...host, landlock }));
const factsWithOutbound = new Memo((host: Host, outbound: OutboundFacts): Host => Object.freeze({ ...host, outbound }));
const factsWithLabels = new Memo((labels: LabelFacts, host: Host): Host => Object.freeze({ ...host, labels }));

/** The same, with what this process can do with cgroups, and what this container asks for of what is asked once. */
export function probeWith(
  cgroups: CgroupFacts | undefined,
  { landlock, apparmor, selinux, network }: Pick<ContainerDefinition, 'landlock' | 'apparmor' | 'selinux' | 'network'>,
): Host {
  const host = cgroups === undefined ? probe() : factsWithCgroups.get(cgroups, probe());
  const leadsOut = network === 'outbound' || (typeof network === 'object' && 'outbound' in network);
  const connected = leadsOut ? factsWithOutbound.get(host, probeOutbound()) : host;
  const restricted = landlock === undefined ? connected : factsWithLandlock.get(probeLandlock(), connected);
  const isLabelled = apparmor !== undefined || selinux !== undefined;
  return isLabelled ? factsWithLabels.get(probeLabels(), restricted) : restricted;
}

/** What is asked for one container. */
export interface Answers {
  readonly host: Host;
  readonly found: readonly HostPath[];
  /** The text of mountinfo, where it matters what is mounted. */
  readonly mountinfo: string | undefined;
  readonly names: Pick<Host, 'hosts' | 'hostname'>;
}

const factsFor = new Memo((_: ContainerDefinition, { host, found, mountinfo, names }: Answers): Host => {
  const mounts = mountinfo === undefined ? host.mounts : mountsOf(mountinfo);
  return Object.freeze({ ...host, found, mounts, ...names });
});

/** The text of mountinfo and the host's name, where they are asked for. */
export type Passing = Pick<Answers, 'mountinfo'> & Pick<Host, 'hostname'>;

/** What changes without any file that shows it. It is asked for each time. */
export function passing({ mounts, hostname: named }: Questions): Passing {
  return {
    // Unreadable: nothing is known to be mounted.
    mountinfo: mounts ? (read('/proc/self/mountinfo') ?? '') : undefined,
    ...(named ? { hostname: hostname() } : {}),
  };
}

/** The facts of the host, with the answers for this container. The same value as long as the answers are the same. */
export function probeFor(
  definition: ContainerDefinition,
  asked: Questions,
  host: Host,
  { mountinfo, ...named }: Passing,
): Host {
  const names = {
    ...(asked.hosts === undefined ? {} : { hosts: hostsOf(definition, asked.hosts) }),
    ...named,
  };
  if (asked.paths.length + asked.entries.length + Object.keys(names).length === 0 && !asked.mounts) return host;
  const found = [...asked.entries.flatMap(entry), ...asked.paths.flatMap(existing)];
  return factsFor.get(definition, { host, found, mountinfo, names });
}

/** More is no table of names that a program could search at each look-up. */
const HOSTS_MOST = 64 * 1024;

function hostsOf({ rootfs }: ContainerDefinition, whose: 'host' | 'root'): HostText {
  try {
    const text = readInRoot(whose === 'host' ? undefined : rootfs, HOSTS_FILE, HOSTS_MOST);
    return text === undefined ? {} : { text };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** Where the programs of a Linux system are: read-only in a container without a root file system of its own. */
const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];

/** OCI `maskedPaths` and `readonlyPaths` as Docker and containerd set them. */
const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

function askOnce(): Omit<Host, keyof Changeable> {
  if (process.platform !== 'linux')
    throw unsupported(`containers are a feature of Linux, and this is ${process.platform}`);
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw unsupported(`no launcher is built for ${process.arch}`);
  const lack = runtimeLack(process.versions);
  if (lack !== undefined) throw unsupported(lack);
  const status = read('/proc/self/status');
  if (status === undefined) throw unsupported('/proc is not mounted');
  const entries = PROGRAMS.flatMap(entry);
  return {
    arch: process.arch,
    kernel: kernelRelease(release()),
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`),
    ...(read('/proc/self/setgroups')?.trim() === 'deny' ? { keepsGroups: true } : {}),
    uidMap: idRanges(read('/proc/self/uid_map')),
    gidMap: idRanges(read('/proc/self/gid_map')),
    helpers: { ...helper('newuidmap'), ...helper('newgidmap') },
    programs: entries,
    executable: executable(entries),
    mounts: readMounts(),
    found: [],
    ...(showsProcessesOnly() ? { processesOnly: true as const } : {}),
    ...(hasIpv6() ? { ipv6: true as const } : {}),
    rlimits: resourceLimits(read('/proc/self/limits')),
  };
}

/** Whether a new network namespace has IPv6: by the kernel, and by what it begins with. ip-sysctl.rst */
function hasIpv6(): boolean {
  if (read('/proc/self/net/if_inet6') === undefined) return false;
  if (read('/sys/module/ipv6/parameters/disable_ipv6')?.trim() === '1') return false;
  const begins = read('/proc/sys/net/core/devconf_inherit_init_net')?.trim();
  const inherits = begins === '1' || begins === '3';
  return !inherits || read('/proc/sys/net/ipv6/conf/default/disable_ipv6')?.trim() !== '1';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // absent or unreadable: the same as empty to everyone who asks
  }
}

function setting(path: string): readonly (readonly [string, string])[] {
  const value = readSysctl(path);
  return value === undefined ? [] : [[path, value]];
}

/** What is at `path`: nothing, or one entry. */
function entry(path: string): readonly HostPath[] {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return [{ path, link: readlinkSync(path) }];
    return [{ path, directory: stat.isDirectory() }];
  } catch {
    return []; // not on this host
  }
}

/** The same, but a link that leads nowhere is nothing; and what cannot be looked at may be there. */
function existing(path: string): readonly HostPath[] {
  try {
    const at = realpathSync.native(path);
    const directory = statSync(at).isDirectory();
    return entry(path).map((found) => (at === path ? found : { ...found, real: at, directory }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? [] : [{ path }];
  }
}

/** By which /etc/subuid may know this user: its name, where it has one, and its number. */
function callerNames(): readonly string[] {
  const uid = String(process.getuid?.() ?? 0);
  try {
    return [userInfo().username, uid];
  } catch {
    return [uid]; // in no database
  }
}

const HELPER_PLACES = ['/usr/bin', '/bin', '/usr/local/bin', '/run/wrappers/bin', '/run/current-system/sw/bin'];

/** Not by the caller's PATH: what it names gets the rights of root. */
function helper(name: 'newuidmap' | 'newgidmap'): { readonly [key: string]: string } {
  const path = HELPER_PLACES.map((directory) => `${directory}/${name}`).find((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() === true;
  });
  return path === undefined ? {} : { [name]: path };
}
