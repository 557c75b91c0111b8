/**
 * The host before and after a test: mounts, cgroups, processes, descriptors, the owner of /dev/null, temporary files.
 *
 * Test files run side by side: what one has on the way is not another's leak. Tests of one file run one after the
 * other.
 */

import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BASE } from '#lib/cgroup/files.js';
import { cgroupMounts } from '#lib/cgroup/tree.js';
import { hostMounts } from './mounts.js';
import { attempt, ownerOf, type ProcessTable, readProcesses } from './processes.js';
import './temporary.js';

/** Containers are torn down by a supervisor, which nobody waits for. */
const PATIENCE_MS = 10_000;

/** What was found, as lines for humans. Lines of `shared` places may go away by themselves: others own some of them. */
export interface HostSnapshot {
  readonly own: readonly string[];
  readonly shared: readonly string[];
}

/** What is begun of a command before its call comes and goes by itself, with processes and descriptors. */
process.env.CARREL_NO_AHEAD ??= '1';

/**
 * Fails each test of the file that leaves something behind on the host. `warmUp` runs once before the first: what it
 * creates for good (the launcher and its socket) is part of the host from then on.
 */
export function useCleanHost({ warmUp }: { readonly warmUp?: () => unknown } = {}): void {
  let snapshot: HostSnapshot;
  before(async () => {
    await warmUp?.();
    // The kernel and Node finish what the warm-up began.
    if (warmUp) await sleep(50);
  });
  beforeEach(() => {
    snapshot = hostSnapshot();
  });
  afterEach(async () => {
    await assertHostUnchanged(snapshot);
  });
}

export function hostSnapshot(): HostSnapshot {
  const table = readProcesses();
  return {
    own: [...hostMounts().map((line) => `mount ${line}`), ...descriptors(), nullDevice(), ...entries(tmpdir())],
    shared: [...processes(table), ...cgroups(), ...entries('/tmp')],
  };
}

/**
 * Waits until the host is as it was, for ten seconds at most. Fails with what was there all that time and should not
 * be, or has gone.
 */
export async function assertHostUnchanged(before: HostSnapshot): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let differences = compare(before, hostSnapshot());
  for (let pause = 1; differences.length > 0 && performance.now() < deadline; pause = Math.min(2 * pause, 100)) {
    await sleep(pause);
    const now = compare(before, hostSnapshot());
    differences = differences.filter((line) => now.includes(line));
  }
  if (differences.length > 0) throw new Error(`the test changed the host:\n${differences.join('\n')}`);
}

function compare(before: HostSnapshot, after: HostSnapshot): readonly string[] {
  const more = [...missing(after.own, before.own), ...missing(after.shared, before.shared)];
  return [...more.map((line) => `  + ${line}`), ...missing(before.own, after.own).map((line) => `  - ${line}`)];
}

/** The lines of `these` that `those` lack. */
function missing(these: readonly string[], those: readonly string[]): readonly string[] {
  const set = new Set(those);
  return these.filter((line) => !set.has(line));
}

/** The one that lists them is gone before its target is read. */
function descriptors(): readonly string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => [fd, attempt(() => readlinkSync(`/proc/self/fd/${fd}`))]);
  return targets.filter(([, target]) => target !== undefined).map(([fd, target]) => `descriptor ${fd} → ${target}`);
}

function nullDevice(): string {
  const { mode, rdev, uid, gid } = statSync('/dev/null');
  return `/dev/null mode ${mode.toString(8)}, device ${rdev >> 8}:${rdev & 0xff}, owner ${uid}:${gid}`;
}

/** In places shared with other users, only what is the user's own. */
function entries(directory: string): readonly string[] {
  const uid = process.getuid?.();
  const names = attempt(() => readdirSync(directory)) ?? [];
  const ownedBy = (name: string): number | undefined => statSync(join(directory, name), { throwIfNoEntry: false })?.uid;
  const own = names.filter((name) => uid === 0 || attempt(() => ownedBy(name)) === uid);
  return own.map((name) => `file ${join(directory, name)}`);
}

function processes(table: ProcessTable): readonly string[] {
  // A launcher's spare comes and goes with it. Without it, it is an orphan.
  const isSpare = (pid: number, comm: string): boolean => comm === 'carrel-spare' && ownerOf(pid, table) === 'own';
  const kept = [...table.values()].filter(
    ({ pid, comm }) => ['own', 'orphan'].includes(ownerOf(pid, table)) && !isSpare(pid, comm),
  );
  return kept.map(
    ({ pid, comm, state, startTime }) =>
      `process ${pid} ${comm}${state === 'Z' ? ', a zombie' : ''} (started at tick ${startTime})`,
  );
}

/** Those that this process has had made: others come and go, and so do carrel's bases. */
function cgroups(): readonly string[] {
  const bases = cgroupMounts().map(({ path }) => join(path, BASE));
  const found = bases.flatMap((base) => (attempt(() => readdirSync(base)) ?? []).map((name) => [base, name] as const));
  const own = found.filter(([, name]) => name.startsWith(`${process.pid}-`));
  return own.map(([base, name]) => `cgroup ${join(base, name)}`);
}
