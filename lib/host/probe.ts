/** Asks the machine, once, what `compile` must know of it. Nothing here changes anything. */

import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { hostname, release, userInfo } from 'node:os';
import type { CgroupFacts } from '../cgroup/files.js';
import { questions } from '../compile/questions.js';
import { OWN_SYSCTLS } from '../compile/quotas.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { unsupported } from '../errors/errors.js';
import { Memo } from '../plan/memo.js';
import { executable } from './executable.js';
import type { Host, HostPath, HostText, LandlockFacts } from './facts.js';
import { probeLandlock } from './landlock.js';
import { readMounts } from './mountinfo.js';
import { idRanges, kernelRelease, mountsOf, resourceLimits, subordinateRanges } from './parsers.js';
import { realPath } from './real-path.js';
import { runtimeLack } from './runtime.js';
import { Settings } from './settings.js';
import { readSysctl } from './sysctl.js';
import { readInRoot } from './users.js';

const settings = new Settings();
let facts: Host | undefined;

/**
 * The facts of this machine and this process. Cached: they are asked for before every start. What packages bring and
 * take away is looked at anew, once a second at most.
 */
export function probe(): Host {
  const entries = settings.entries();
  if (facts === undefined) facts = ask();
  else if (facts.settings !== entries) facts = Object.freeze({ ...facts, settings: entries });
  return facts;
}

const factsWithCgroups = new Memo((cgroups: CgroupFacts, host: Host): Host => Object.freeze({ ...host, cgroups }));
const factsWithLandlock = new Memo((landlock: LandlockFacts, host: Host): Host => Object.freeze({ ...host, landlock }));

/** What is asked anew before each start of a container. */
interface Answers {
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

/**
 * The same, with what must be asked anew for this container. The same value as long as the answers are the same.
 *
 * @param cgroups What this process can do with cgroups, where the container has limits.
 */
export function probeFor(definition: ContainerDefinition, cgroups?: CgroupFacts): Host {
  const asked = questions(definition);
  const bare = cgroups === undefined ? probe() : factsWithCgroups.get(cgroups, probe());
  const host = definition.landlock === undefined ? bare : factsWithLandlock.get(probeLandlock(), bare);
  const names = {
    ...(asked.hosts === undefined ? {} : { hosts: hostsOf(definition, asked.hosts) }),
    ...(asked.hostname ? { hostname: hostname() } : {}),
  };
  if (asked.paths.length + asked.entries.length + Object.keys(names).length === 0 && !asked.mounts) return host;
  const found = [...asked.entries.flatMap(entry), ...asked.paths.flatMap(existing)];
  // Unreadable: nothing is known to be mounted.
  const mountinfo = asked.mounts ? (read('/proc/self/mountinfo') ?? '') : undefined;
  return factsFor.get(definition, { host, found, mountinfo, names });
}

/** More is no table of names that a program could search at each look-up. */
const HOSTS_MOST = 64 * 1024;

function hostsOf({ rootfs }: ContainerDefinition, whose: 'host' | 'root'): HostText {
  try {
    const text = readInRoot(whose === 'host' ? undefined : rootfs, '/etc/hosts', HOSTS_MOST);
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

function ask(): Host {
  if (process.platform !== 'linux')
    throw unsupported(`containers are a feature of Linux, and this is ${process.platform}`);
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw unsupported(`no launcher is built for ${process.arch}`);
  const lack = runtimeLack(process.versions);
  if (lack !== undefined) throw unsupported(lack);
  const status = read('/proc/self/status');
  if (status === undefined) throw unsupported('/proc is not mounted');
  const entries = PROGRAMS.flatMap(entry);
  const processesOnly = entry('/proc/sys').length === 0;
  // A new /proc has what that one hides: then its paths are masked where they are there.
  const isThere = (path: string): boolean => (processesOnly && path.startsWith('/proc/')) || entry(path).length > 0;
  return Object.freeze({
    arch: process.arch,
    kernel: kernelRelease(release()),
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`),
    ...(read('/proc/self/setgroups')?.trim() === 'deny' ? { keepsGroups: true } : {}),
    uidMap: idRanges(read('/proc/self/uid_map')),
    gidMap: idRanges(read('/proc/self/gid_map')),
    subordinate: {
      uid: subordinateRanges(read('/etc/subuid'), callerNames()),
      gid: subordinateRanges(read('/etc/subgid'), callerNames()),
    },
    helpers: { ...helper('newuidmap'), ...helper('newgidmap') },
    reservedIds: [...subordinateRanges(read('/etc/subuid')), ...subordinateRanges(read('/etc/subgid'))],
    programs: entries,
    settings: settings.entries(),
    executable: executable(entries),
    mounts: readMounts(),
    found: [],
    ...(processesOnly ? { processesOnly } : {}),
    masked: MASKED.filter(isThere),
    readonly: READONLY.filter(isThere),
    resolver: ['/etc/resolv.conf', '/etc/hosts'].flatMap((path) => entry(realPath(path))),
    sysctls: Object.fromEntries(OWN_SYSCTLS.flatMap(setting)),
    rlimits: resourceLimits(read('/proc/self/limits')),
  });
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
