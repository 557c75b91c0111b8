/** User and group ids of the calling thread: setresuid(2), setresgid(2), setgroups(2). */

import { array, integer } from '../definition/checks.js';
import { outOfRange } from '../errors/errors.js';
import { systemCall } from '../launch/native.js';
import { checkOptions, ID_MOST } from './arguments.js';

/** To the kernel: leave it as it is. */
const UNCHANGED = 2 ** 32 - 1;
/** The kernel's `NGROUPS_MAX`. getgroups(2) */
const GROUPS_MOST = 65_536;

/** The ids of {@link setresuid} and {@link setresgid}, 0 to 4,294,967,294. What is left out stays as it is. */
export interface ThreadIds {
  /** Who started the process; it counts for signals. credentials(7) */
  readonly real?: number;
  /** The one that rights are judged by. */
  readonly effective?: number;
  /** The one that `effective` may be set to again. */
  readonly saved?: number;
}

/**
 * Sets user ids. Who changes from 0 to others in all three loses all capabilities, unless {@link setKeepCapabilities}
 * said otherwise, and who changes the effective one from 0 the effective ones. capabilities(7)
 *
 * **Threads:** changes the calling thread, and the threads and processes that it starts from then on; it is the C
 * library that makes `process.setuid` change all threads at once. Libuv's pool keeps its ids, so `fs.readFile` has
 * rights that `fs.readFileSync` has not. The threads share their memory: this confines nobody. A change of the
 * effective id makes the whole *process* undumpable ({@link setDumpable}), and clears the thread's
 * {@link setParentDeathSignal}.
 *
 * @throws `EPERM` without `CAP_SETUID` for ids that are none of the thread's three; `EINVAL` for ids that the user
 *   namespace does not map. setresuid(2)
 */
export function setresuid(ids: ThreadIds): void {
  const { real, effective, saved } = checkIds(ids);
  systemCall((calls) => calls.setresuid(real, effective, saved));
}

/**
 * Sets group ids.
 *
 * **Threads:** changes the calling thread, and the threads and processes that it starts from then on, as
 * {@link setresuid} does; a change of the effective id has the same effects on dumping and on the parent-death signal.
 *
 * @throws `EPERM` without `CAP_SETGID` for ids that are none of the thread's three; `EINVAL` for ids that the user
 *   namespace does not map. setresgid(2)
 */
export function setresgid(ids: ThreadIds): void {
  const { real, effective, saved } = checkIds(ids);
  systemCall((calls) => calls.setresgid(real, effective, saved));
}

/**
 * Sets the supplementary groups: ids from 0 to 4,294,967,294, at most 65,536. An empty list leaves none.
 *
 * **Threads:** changes the calling thread, and the threads and processes that it starts from then on;
 * `process.setgroups` changes all threads.
 *
 * @throws `EPERM` without `CAP_SETGID`, and in a user namespace where it is denied, or that has no group mapped yet;
 *   `EINVAL` for ids that the user namespace does not map. setgroups(2)
 */
export function setgroups(groups: readonly number[]): void {
  const list = array('groups', groups).map((id, index) => integer(`groups[${index}]`, id, 0, ID_MOST));
  if (list.length > GROUPS_MOST) throw outOfRange('groups', `at most ${GROUPS_MOST} ids`, list.length);
  const bytes = new Uint8Array(Uint32Array.from(list).buffer);
  systemCall((calls) => calls.setgroups(bytes));
}

function checkIds(ids: ThreadIds): Required<ThreadIds> {
  checkOptions('ids', ids, ['real', 'effective', 'saved']);
  const id = (name: keyof ThreadIds): number =>
    ids[name] === undefined ? UNCHANGED : integer(`ids.${name}`, ids[name], 0, ID_MOST);
  return { real: id('real'), effective: id('effective'), saved: id('saved') };
}
