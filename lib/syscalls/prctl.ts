/** What prctl(2) keeps of a thread or process, one pair of functions for each. */

import { constants } from 'node:os';
import { boolean, signalNumber } from '../definition/checks.js';
import { systemCall } from '../launch/native.js';

/** The numbers are `PR_*` of linux/prctl.h. */
const PR_SET_PDEATHSIG = 1;
const PR_GET_PDEATHSIG = 2;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_GET_KEEPCAPS = 7;
const PR_SET_KEEPCAPS = 8;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_GET_CHILD_SUBREAPER = 37;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_NO_NEW_PRIVS = 39;

/**
 * Says whether executing a program gives no new privileges any more.
 *
 * **Threads:** of the calling thread. prctl(2), `PR_GET_NO_NEW_PRIVS`
 */
export function getNoNewPrivileges(): boolean {
  return get(PR_GET_NO_NEW_PRIVS) === 1;
}

/**
 * Keeps programs that are executed from now on from privileges by set-user-ID, set-group-ID or file capabilities.
 * Nothing undoes this.
 *
 * **Threads:** for the calling thread, and the threads and processes that it starts from then on. Threads that run
 * already, libuv's pool and other workers, are not bound.
 *
 * prctl(2), `PR_SET_NO_NEW_PRIVS`
 */
export function setNoNewPrivileges(): void {
  systemCall((calls) => calls.prctl(PR_SET_NO_NEW_PRIVS, 1, 0));
}

/**
 * Whether the process leaves core dumps, and others of the same user may trace it. `'root'` is a third state, which the
 * kernel alone sets (`fs.suid_dumpable` 2, proc(5)).
 *
 * **Threads:** one for the process. prctl(2), `PR_GET_DUMPABLE`
 */
export function getDumpable(): boolean | 'root' {
  const state = get(PR_GET_DUMPABLE);
  return state === 2 ? 'root' : state === 1;
}

/**
 * Sets whether the process leaves core dumps, and others of the same user may trace it. With `false`, its files below
 * `/proc` belong to root, and a user's own process cannot open some of them any more, such as `/proc/self/environ`.
 * execve(2) and a change of effective ids set it anew.
 *
 * **Threads:** one for the process: any thread changes it for all.
 *
 * prctl(2), `PR_SET_DUMPABLE`
 */
export function setDumpable(dumpable: boolean): void {
  const value = boolean('dumpable', dumpable);
  systemCall((calls) => calls.prctl(PR_SET_DUMPABLE, Number(value), 0));
}

/**
 * Whether orphans among the process's descendants become its children.
 *
 * **Threads:** one for the process. prctl(2), `PR_GET_CHILD_SUBREAPER`
 */
export function getChildSubreaper(): boolean {
  return systemCall((calls) => calls.prctlRead(PR_GET_CHILD_SUBREAPER)) !== 0;
}

/**
 * Sets whether orphans among the process's descendants become its children, as they become init's otherwise. Children
 * do not inherit it.
 *
 * **Threads:** one for the process: any thread changes it for all. Node waits for its own children only: adopted ones
 * that end stay zombies until Node ends, unless somebody else waits for them.
 *
 * prctl(2), `PR_SET_CHILD_SUBREAPER`
 */
export function setChildSubreaper(subreaper: boolean): void {
  const value = boolean('subreaper', subreaper);
  systemCall((calls) => calls.prctl(PR_SET_CHILD_SUBREAPER, Number(value), 0));
}

/**
 * Whether permitted capabilities outlast a change of all user ids from 0 to others.
 *
 * **Threads:** of the calling thread. prctl(2), `PR_GET_KEEPCAPS`
 */
export function getKeepCapabilities(): boolean {
  return get(PR_GET_KEEPCAPS) === 1;
}

/**
 * Sets whether permitted capabilities outlast a change of all user ids from 0 to others. The effective ones go all the
 * same: {@link capset} brings them back. execve(2) sets it to `false`.
 *
 * **Threads:** for the calling thread, and the threads that it starts from then on: for {@link setresuid}, which
 * changes the same thread. `process.setuid` changes all threads, and the others then lose theirs.
 *
 * @throws `EPERM` where the securebit `SECBIT_KEEP_CAPS_LOCKED` is set. prctl(2), `PR_SET_KEEPCAPS`
 */
export function setKeepCapabilities(keep: boolean): void {
  const value = boolean('keep', keep);
  systemCall((calls) => calls.prctl(PR_SET_KEEPCAPS, Number(value), 0));
}

/**
 * The signal that the process gets when its parent dies: a name, the number for one that has none, `null` for no
 * signal.
 *
 * **Threads:** of the calling thread. prctl(2), `PR_GET_PDEATHSIG`
 */
export function getParentDeathSignal(): NodeJS.Signals | number | null {
  const number = systemCall((calls) => calls.prctlRead(PR_GET_PDEATHSIG));
  if (number === 0) return null;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name as NodeJS.Signals | undefined) ?? number;
}

/**
 * Sets the signal that the process gets when its parent dies, by name or number, 1 to 64; `null` for none. If the
 * parent died before, no signal comes: compare `process.ppid`. Children do not inherit it. A change of effective ids
 * clears it, and executing a program that is set-user-ID or has capabilities.
 *
 * **Threads:** kept for the calling thread: it goes with a worker that ends, and is for the whole process until then.
 * The parent that counts is the *thread* that started this process, such as a worker in another Node. When that thread
 * ends, the signal comes, though its process lives.
 *
 * prctl(2), `PR_SET_PDEATHSIG`
 */
export function setParentDeathSignal(signal: NodeJS.Signals | number | null): void {
  const number = signal === null ? 0 : signalNumber('signal', signal);
  systemCall((calls) => calls.prctl(PR_SET_PDEATHSIG, number, 0));
}

function get(option: number): number {
  return systemCall((calls) => calls.prctl(option, 0, 0));
}
