/** Finds a range of ids for a container, and holds it; the supervisor holds it while the container lives. */

import { lstatSync, mkdirSync } from 'node:fs';
import { isFree, RANGE_FIRST, RANGE_LAST, RANGE_STRIDE } from '../compile/ids.js';
import { noIdRange, noLocks } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import { native } from './native.js';
import { Stamps } from './stamps.js';

/** A range that no other container of this machine has, as long as the lock is open somewhere. */
export interface HeldRange {
  readonly first: number;
  readonly lock: number;
}

/** How many ranges there are. */
export const RANGES = Math.floor((RANGE_LAST - RANGE_FIRST) / RANGE_STRIDE);
/** The first try is among so many, and each further one among twice as many: a file stays for each that was held. */
const FAVOURED = 1024;
/** So many tries are at random. */
const LUCKY_TRIES = 64;

/**
 * Takes a free range. What holds it is a lock on a file: the kernel gives it to one open file at a time, in whichever
 * namespaces, and takes it back when that is closed, also by SIGKILL. Where the file is nobody else can take it.
 * flock(2)
 */
export function holdRange(host: Host): HeldRange {
  const directory = lockDirectory(host.uid);
  const held = firstFree((range) => {
    const first = RANGE_FIRST + range * RANGE_STRIDE;
    const lock = isFree(first, host.reservedIds) ? native().lock(`${directory}/${first}`) : undefined;
    return lock === undefined ? undefined : { first, lock };
  });
  if (held === undefined) throw noIdRange();
  return held;
}

/**
 * What `take` gives for the first range that it gives something for. However many are taken, a few tries find one that
 * is not: they are at random, as long as that is likely. Then all ranges follow, in a row.
 */
export function firstFree<Taken>(take: (range: number) => Taken | undefined): Taken | undefined {
  const from = Math.floor(Math.random() * RANGES);
  for (let tries = 0; tries < LUCKY_TRIES + RANGES; tries += 1) {
    const among = Math.min(RANGES, FAVOURED * 2 ** tries);
    const range = tries < LUCKY_TRIES ? Math.floor(Math.random() * among) : (from + tries) % RANGES;
    const taken = take(range);
    if (taken !== undefined) return taken;
  }
  return undefined;
}

/** The directory that was found last, and by what it is known to be the same still. */
let found: { readonly uid: number; readonly path: string; readonly stamps: Stamps } | undefined;

/** The directory, looked at each time: who cleans up /run or /tmp may have replaced it. */
function lockDirectory(uid: number): string {
  if (found?.uid === uid && found.stamps.look()) return found.path;
  const path = findDirectory(uid);
  const stamps = new Stamps([{ path, from: 'host', links: 'last' }]);
  stamps.look();
  // Between the two it may have become somebody else's.
  found = stamps.keep() && problemOf(path, uid) === undefined ? { uid, path, stamps } : undefined;
  return path;
}

/**
 * A directory that only this user can write to, the same in every process of this user that shares /run. What is in
 * /tmp belongs to who was there first: where that is somebody else, it is none.
 */
function findDirectory(uid: number): string {
  const places = [uid === 0 ? '/run/carrel-ids' : `/run/user/${uid}/carrel-ids`, `/tmp/carrel-ids-${uid}`];
  const problems: string[] = [];
  for (const path of places) {
    const problem = problemOf(path, uid);
    if (problem === undefined) return path;
    problems.push(problem);
  }
  throw noLocks(problems);
}

function problemOf(path: string, uid: number): string | undefined {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(path, { mode: 0o700 });
    else if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) return `${path} is somebody else’s`;
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Another process of this user was faster, or somebody else was.
    return code === 'EEXIST' ? problemOf(path, uid) : message;
  }
}
