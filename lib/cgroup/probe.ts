/** Finds where this process can make cgroups, by trying, once. */

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { logOf } from '../launch/log.js';
import type { CgroupFacts } from './files.js';
import { inScope, scopeIsGone } from './scope.js';
import { type CgroupMount, cgroupMounts, ownCgroup } from './tree.js';
import { type Trial, tryV1, tryV2, words } from './trial.js';

const log = logOf('cgroup');
let facts: CgroupFacts | undefined;
let places = '';

/**
 * What this process can do with cgroups. Cached, as long as those that it makes its own in are there. The first time
 * leftovers of carrel's are removed whose owner is gone.
 */
export function probeCgroups(): CgroupFacts {
  if (facts !== undefined && !scopeIsGone() && placesOf(facts) === places) return facts;
  facts = ask();
  places = placesOf(facts);
  return facts;
}

/** Which directories they are. Another one in the place of one that is gone may have other controllers. */
function placesOf({ hierarchies }: CgroupFacts): string {
  return hierarchies.map(({ parent }) => statSync(parent, { throwIfNoEntry: false })?.ino ?? '-').join();
}

const REMEDY =
  'run as root; or under systemd as a user: `systemd-run --user --scope -p Delegate=yes node …`; ' +
  'or have a cgroup with its cgroup.procs and cgroup.subtree_control given to this user, and start Node in it';

function ask(): CgroupFacts {
  const mounts = cgroupMounts();
  const trials = mounts.flatMap((mount) => (mount.version === 1 ? [tryV1(mount)] : askV2(mount)));
  const hierarchies = trials.flatMap(({ hierarchy }) => hierarchy ?? []);
  const found: CgroupFacts = Object.freeze({
    hierarchies,
    cpus: Math.max(cpus().length, availableParallelism()),
    obstacles:
      mounts.length === 0 ? ['no cgroup file system is mounted'] : trials.flatMap(({ obstacles }) => obstacles),
    remedy: REMEDY,
  });
  log('%O', found);
  return found;
}

/** The first place that works counts; where none does, all say why. */
function askV2(mount: CgroupMount): readonly Trial[] {
  const failed: Trial[] = [];
  for (const find of [() => atRoot(mount), () => besideOwn(mount), () => inScope(mount), () => inOwn(mount)]) {
    const trial = find();
    if (trial?.hierarchy !== undefined) return [trial];
    if (trial !== undefined) failed.push(trial);
  }
  return failed;
}

/**
 * The root of all cgroups, the only one that may have processes beside those that it hands controllers down to.
 * cgroups(7)
 */
function atRoot({ path }: CgroupMount): Trial | undefined {
  return isRoot(path) || processesIn(path).length === 0 ? tryV2(path) : undefined;
}

/**
 * A cgroup that was delegated to this user, this process being in one below it. What systemd itself keeps is not ours
 * to put anything in.
 */
function besideOwn(mount: CgroupMount): Trial | undefined {
  const own = ownCgroup(mount);
  if (own === undefined || own === mount.path) return undefined;
  const parent = dirname(own);
  if (parent === mount.path || /\.slice$|\/user@\d+\.service$/.test(parent) || processesIn(parent).length > 0)
    return undefined;
  return tryV2(parent);
}

const TURNS_MOST = 100;

/**
 * The own cgroup, after its processes were moved into one below it: controllers are handed down only by a cgroup that
 * has none. Only where all of them are this process, and those that it comes from and has started. cgroups(7), "no
 * internal processes"
 */
function inOwn(mount: CgroupMount): Trial | undefined {
  const own = ownCgroup(mount);
  if (own === undefined || isRoot(own)) return undefined;
  const foreign = foreignIn(own);
  if (foreign !== undefined)
    return { obstacles: [`cgroup v2: other processes are in ${own}, such as ${foreign}, and cannot be moved`] };
  try {
    const leaf = join(own, 'carrel.host');
    mkdirSync(leaf, { recursive: true });
    // Some end meanwhile, and others begin: the launcher's.
    for (let turn = 0; turn < TURNS_MOST && processesIn(own).length > 0; turn += 1)
      for (const pid of processesIn(own)) moveInto(leaf, pid);
  } catch (error) {
    return { obstacles: [`cgroup v2: ${(error as NodeJS.ErrnoException).code} at ${own}`] };
  }
  return tryV2(own);
}

/**
 * A process there that is no kin. One that has ended before it was looked at has no parent any more, and is not in the
 * list again: only those that are may be somebody else's. Without a look at /proc, where some are not seen: hidepid of
 * proc(5), and the 0 for one of another PID namespace.
 */
function foreignIn(cgroup: string): number | undefined {
  const suspects = processesIn(cgroup).filter((pid) => !isKin(pid));
  return suspects.length === 0 ? undefined : processesIn(cgroup).find((pid) => suspects.includes(pid));
}

function moveInto(cgroup: string, pid: number): void {
  try {
    writeFileSync(join(cgroup, 'cgroup.procs'), `${pid}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The root of all cgroups has no type. cgroup-v2.rst, "cgroup.type" */
function isRoot(path: string): boolean {
  return !existsSync(join(path, 'cgroup.type'));
}

function processesIn(path: string): readonly number[] {
  try {
    return words(join(path, 'cgroup.procs')).map(Number);
  } catch {
    return [];
  }
}

/** Whether the process is this one, comes from it, or is one that it comes from. */
function isKin(pid: number): boolean {
  return ancestors(pid).includes(process.pid) || ancestors(process.pid).includes(pid);
}

/** A process and those that it comes from. proc_pid_stat(5) */
function ancestors(pid: number): readonly number[] {
  const found: number[] = [];
  for (let next = pid; next > 0 && !found.includes(next); ) {
    found.push(next);
    next = parentOf(next);
  }
  return found;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // it has ended
  }
}
