/**
 * A delegated cgroup from the user's own systemd: a transient scope with the launcher in it. Containers come from the
 * launcher, and so may be put into cgroups beside it; Node itself stays where it is.
 * https://systemd.io/CGROUP_DELEGATION
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBy, launcherPid } from '../launch/launcher.js';
import { type CgroupMount, ownCgroup } from './tree.js';
import { type Trial, tryV2 } from './trial.js';
import { uniqueName } from './unique.js';

/**
 * systemd answers in some ten milliseconds; a machine that is just starting, or emulated, takes seconds. It is not
 * waited for when systemd-run has failed.
 */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 2;

/** Whether this user has a systemd of their own. systemd(1), user@.service(5) */
export function hasUserManager(uid: number | undefined = process.getuid?.()): boolean {
  return uid !== undefined && uid !== 0 && existsSync(`/run/user/${uid}/systemd/private`);
}

/**
 * Starts a launcher in a scope, and finds out what can be done there. It takes some ten milliseconds, in which nothing
 * else happens, once.
 */
export function inScope(mount: CgroupMount): Trial | undefined {
  if (!hasUserManager()) return undefined;
  const unit = `carrel-${uniqueName()}.scope`;
  const runtime = `/run/user/${process.getuid?.()}`;
  const scope = launchBy(
    [
      'systemd-run',
      '--user',
      '--scope',
      '--quiet',
      '--collect',
      `--unit=${unit}`,
      '--property=Delegate=yes',
      '--',
      'env',
      '-i',
    ],
    { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? runtime, PATH: process.env.PATH ?? '/usr/bin:/bin' },
    (launcher) => waitFor(mount, launcher, unit),
  );
  const launcher = launcherPid();
  if (scope === undefined || launcher === undefined)
    return { obstacles: ['cgroup v2: systemd-run --user --scope failed'] };
  // Controllers are handed down only by a cgroup without processes.
  const leaf = join(scope, 'carrel.host');
  try {
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, 'cgroup.procs'), `${launcher}`);
  } catch (error) {
    return { obstacles: [`cgroup v2: ${(error as NodeJS.ErrnoException).code} at ${scope}`] };
  }
  pid = launcher;
  return tryV2(scope);
}

let pid: number | undefined;

/** Whether there was a scope, and its launcher has ended: systemd has removed the scope, or will. */
export function scopeIsGone(): boolean {
  return pid !== undefined && launcherPid() !== pid;
}

/** The directory of the scope, once the process is in it, and is the launcher: systemd-run may hang there too. */
function waitFor(mount: CgroupMount, process: number, unit: string): string | undefined {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + PATIENCE_MS;
  let place: string | undefined;
  for (;;) {
    place = ownCgroup(mount, read(`/proc/${process}/cgroup`)) ?? place;
    const [, name = 'hidden', state = ''] = /^\d+ \((.*)\) (\S)/s.exec(read(`/proc/${process}/stat`)) ?? [];
    // Node has no turn to reap it: it is a zombie when it has ended. proc_pid_stat(5)
    if (state === 'Z' || state === 'X') return undefined;
    // The launcher lets nobody trace it, and what may not be traced is not in every /proc. hidepid of proc(5)
    const found = place?.endsWith(`/${unit}`) === true;
    if (found && (name === 'carrel' || name === 'hidden')) return place;
    if (name === 'hidden' || performance.now() > end) return undefined;
    Atomics.wait(clock, 0, 0, PAUSE_MS);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it is hidden
  }
}
