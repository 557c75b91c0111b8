/** Removes cgroups whose supervisor was killed, and those of trials: those in carrel's base that nobody has locked. */

import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { native } from '../launch/native.js';
import { BASE } from './files.js';

/**
 * A supervisor holds a lock on each cgroup that it has made, which the kernel takes back when it ends, however it does.
 * So nothing that is in use is touched. Of what is below `parent`, only what is empty is removed. The container itself
 * has died with its supervisor; where it is frozen, it does when it is thawed. A command that has entered another's
 * container has not: what it has left in its cgroup, one in `above`, is ended.
 */
export function sweep(parent: string, above: string = join(parent, BASE)): void {
  const base = join(parent, BASE);
  if (above !== base) sweepIn(above, end);
  sweepIn(base, (path) => sweepIn(path, end));
  removeEmpty(base);
}

/** `prepare` is called with each that nobody holds. */
function sweepIn(directory: string, prepare: (path: string) => void): void {
  for (const path of directories(directory)) {
    const fd = open(path);
    if (fd === undefined) continue;
    // It may have been removed before it was locked: another one of its name is not.
    if (native().tryLock(fd) && isAt(path, fd)) {
      prepare(path);
      thaw(path);
      removeEmpty(path);
    }
    closeSync(fd);
  }
}

/** Ends all that is in it, at once. Version 2, since 5.14 */
function end(path: string): void {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1', { flag: 'r+' });
  } catch {
    // Version 1: it ends with the container.
  }
}

/** Removes a cgroup, unless something is in it. */
export function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false; // in use
  }
}

function directories(base: string): readonly string[] {
  try {
    // Who may remove nothing there locks nothing either: a supervisor may be about to.
    accessSync(base, constants.W_OK);
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(base, name));
  } catch {
    return []; // nothing of carrel's is there, or of this user's
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined; // removed in the meantime
  }
}

/** Whether that is still what the descriptor holds. */
function isAt(path: string, fd: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

/** Version 1: SIGKILL waits for the thaw. freezer-subsystem.rst */
function thaw(path: string): void {
  try {
    writeFileSync(join(path, 'freezer.state'), 'THAWED', { flag: 'r+' });
  } catch {
    // No freezer of version 1.
  }
}
