/** Finds a range of ids for a container, and holds it; the supervisor holds it while the container lives. */

import { lstatSync, mkdirSync } from 'node:fs';
import { isFree, RANGE_FIRST, RANGE_LAST, RANGE_SIZE } from '../compile/ids.js';
import { noIdRange, noLocks } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import { native } from './native.js';
import { Stamps } from './stamps.js';

/** A range that no other container of this machine has, as long as the lock is open somewhere. */
export interface HeldRange {
  readonly first: number;
  readonly lock: number;
}

const COUNT = (RANGE_LAST - RANGE_FIRST) / RANGE_SIZE;
/** Ranges that are tried first, at random and so often: a file stays for each range that was ever held. */
const FAVOURED = 1024;
const FAVOURED_TRIES = 16;

/**
 * Takes a free range. What holds it is a lock on a file: the kernel gives it to one open file at a time, in whichever
 * namespaces, and takes it back when that is closed, also by SIGKILL. Where the file is nobody else can take it.
 * flock(2)
 */
export function holdRange(host: Host): HeldRange {
  const directory = lockDirectory(host.uid);
  const from = Math.floor(Math.random() * COUNT);
  for (let tries = 0; tries < COUNT + FAVOURED_TRIES; tries += 1) {
    const slot = tries < FAVOURED_TRIES ? Math.floor(Math.random() * FAVOURED) : (from + tries) % COUNT;
    const first = RANGE_FIRST + slot * RANGE_SIZE;
    const lock = isFree(first, host.reservedIds) ? native().lock(`${directory}/${first}`) : undefined;
    if (lock !== undefined) return { first, lock };
  }
  throw noIdRange();
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
