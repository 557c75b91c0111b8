/** Where snapshots are: a directory that the caller names, or one of carrel's own. */

import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type IdPlan, ownsAllIds } from '../../compile/ids.js';
import { hostPath } from '../../definition/checks.js';
import { contradiction, snapshotDirectory } from '../../errors/errors.js';
import { probe } from '../../host/probe.js';

/** Nobody else looks into it: files in it have owners and modes that mean something inside alone. */
const PRIVATE = 0o700;

/** Where a snapshot is written. */
export interface SnapshotPlace {
  readonly path: string;
  /** The caller's: it stays when Node ends. */
  readonly isGiven: boolean;
  /** It was there before. */
  readonly wasThere: boolean;
}

/**
 * Makes it. One that is given may be there, and be empty.
 *
 * @throws TypeError for what is no path, or a directory that is not empty; {@link CarrelError} where it cannot be made.
 */
export function makeDirectory(given: unknown, ids: IdPlan): SnapshotPlace {
  const place = given === undefined ? ownDirectory() : givenDirectory(hostPath('directory', given));
  // Who writes there is the container's only user.
  if (ids.kind === 'one' && !ids.own) chownSync(place.path, ids.outside.uid, ids.outside.gid);
  return place;
}

/** Takes a directory away in which nothing was written. */
export function dropDirectory({ path, wasThere }: SnapshotPlace): void {
  try {
    if (wasThere) mkdirSync(path, { recursive: true, mode: PRIVATE });
    else rmdirSync(path);
  } catch {
    // It is gone already.
  }
}

/** Where carrel's own are: on disk, since memory is what a snapshot is to save. */
function ownBase(): string {
  const named = process.env.XDG_DATA_HOME || undefined;
  const host = probe();
  // Root of a user namespace is some user of the machine's.
  const isRoot = host.uid === 0 && ownsAllIds(host);
  const data = named ?? (isRoot ? '/var/lib' : join(homedir(), '.local', 'share'));
  return join(data, 'carrel', 'snapshots');
}

function ownDirectory(): SnapshotPlace {
  const base = ownBase();
  return making(base, () => {
    mkdirSync(base, { recursive: true, mode: PRIVATE });
    return { path: mkdtempSync(`${base}/`), isGiven: false, wasThere: false };
  });
}

function givenDirectory(given: string): SnapshotPlace {
  const path = given.replace(/(?<=.)\/$/, '');
  return making(path, () => {
    const made = mkdirSync(path, { recursive: true, mode: PRIVATE });
    if (made === undefined && readdirSync(path).length > 0)
      throw contradiction(`directory: ${path} is not empty, and a snapshot is in a directory of its own`);
    // Who owns it could look into it all the same, and find files of root's there.
    if (statSync(path).uid !== process.geteuid?.())
      throw contradiction(`directory: ${path} belongs to another user, who could look into the snapshot`);
    chmodSync(path, PRIVATE);
    return { path, isGiven: true, wasThere: made === undefined };
  });
}

function making<Made>(path: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw snapshotDirectory(path, error as NodeJS.ErrnoException);
  }
}
