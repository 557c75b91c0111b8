/**
 * Capabilities of the calling thread: capget(2), capset(2), and the bounding and ambient sets, which prctl(2) keeps.
 */

import { array, distinct, integer, object, oneOf } from '../definition/checks.js';
import { systemCall } from '../launch/native.js';
import { CAPABILITIES, type Capability } from '../plan/constants.js';
import { checkOptions, PID_MOST } from './arguments.js';

/** The numbers are `PR_*` of linux/prctl.h. */
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_IS_SET = 1;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_LOWER = 3;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

const NAMES = Object.keys(CAPABILITIES) as readonly Capability[];

/** The sets that {@link capget} and {@link capset} know. capabilities(7) */
export interface CapabilitySets {
  /** What counts when the kernel asks. */
  readonly effective: readonly Capability[];
  /** What may be made effective. */
  readonly permitted: readonly Capability[];
  /** What may outlive execve(2), for programs that have them in their file, or as ambient ones. */
  readonly inheritable: readonly Capability[];
}

/**
 * The capabilities of a thread, in the kernel's order. A capability younger than `CAP_CHECKPOINT_RESTORE` (Linux 5.9)
 * is left out; Linux 6.18 has none.
 *
 * **Threads:** capabilities are the thread's. Without an argument it is the calling one, with the id of a process its
 * first thread, whose id it is.
 *
 * @param thread - The id of a thread or process, 1 to 4,194,304. Default: the calling thread.
 * @throws `ESRCH` where there is none. capget(2)
 */
export function capget(thread?: number): CapabilitySets {
  const id = thread === undefined ? 0 : integer('thread', thread, 1, PID_MOST);
  const [effective, permitted, inheritable] = systemCall((calls) => calls.capget(id));
  return { effective: namesOf(effective), permitted: namesOf(permitted), inheritable: namesOf(inheritable) };
}

/**
 * Sets all three sets; a capability that leaves `permitted` does not come back. The program that the thread executes,
 * or a child, gets its own by the rules of capabilities(7): what is started as root has all of the bounding set again.
 *
 * **Threads:** changes the calling thread, and the threads that it starts from then on. The others keep theirs, libuv's
 * pool included, so `fs.readFile` has rights that `fs.readFileSync` lacks. The threads share their memory: this
 * prevents mistakes, and confines nobody.
 *
 * @throws `EPERM` for what is not permitted yet, or effective without being permitted, or inheritable beyond the
 *   permitted and bounding sets. capset(2)
 */
export function capset(sets: CapabilitySets): void {
  object('sets', sets);
  checkOptions('sets', sets, ['effective', 'permitted', 'inheritable']);
  const effective = bitsOf('effective', sets.effective);
  const permitted = bitsOf('permitted', sets.permitted);
  const inheritable = bitsOf('inheritable', sets.inheritable);
  systemCall((calls) => calls.capset(effective, permitted, inheritable));
}

/**
 * Whether the bounding set has a capability: whether a program could still gain it.
 *
 * **Threads:** of the calling thread.
 *
 * @throws `EINVAL` for one that the kernel does not know. prctl(2), `PR_CAPBSET_READ`
 */
export function capbsetRead(capability: Capability): boolean {
  const bit = bitOf('capability', capability);
  return systemCall((calls) => calls.prctl(PR_CAPBSET_READ, bit, 0)) === 1;
}

/**
 * Drops a capability from the bounding set, for good: no program that is executed from then on gains it. What the
 * thread has already, it keeps.
 *
 * **Threads:** of the calling thread, and of the threads and processes that it starts from then on. Other threads can
 * start programs that still gain it.
 *
 * @throws `EPERM` without `CAP_SETPCAP`; `EINVAL` for one that the kernel does not know. prctl(2), `PR_CAPBSET_DROP`
 */
export function capbsetDrop(capability: Capability): void {
  const bit = bitOf('capability', capability);
  systemCall((calls) => calls.prctl(PR_CAPBSET_DROP, bit, 0));
}

/**
 * Whether a capability is ambient: whether programs without capabilities of their own keep it.
 *
 * **Threads:** of the calling thread.
 *
 * @throws `EINVAL` for one that the kernel does not know. prctl(2), `PR_CAP_AMBIENT`, Linux 4.3
 */
export function capAmbientIsSet(capability: Capability): boolean {
  return ambient(PR_CAP_AMBIENT_IS_SET, bitOf('capability', capability)) === 1;
}

/**
 * Makes a capability ambient. It has to be permitted and inheritable, and goes when it leaves one of the two.
 *
 * **Threads:** of the calling thread, and of the threads and processes that it starts from then on.
 *
 * @throws `EPERM` where it is not permitted and inheritable, or the securebit `SECBIT_NO_CAP_AMBIENT_RAISE` is set.
 *   prctl(2), `PR_CAP_AMBIENT`, Linux 4.3
 */
export function capAmbientRaise(capability: Capability): void {
  ambient(PR_CAP_AMBIENT_RAISE, bitOf('capability', capability));
}

/**
 * Makes a capability no longer ambient.
 *
 * **Threads:** of the calling thread, and of the threads and processes that it starts from then on.
 *
 * @throws `EINVAL` for one that the kernel does not know. prctl(2), `PR_CAP_AMBIENT`, Linux 4.3
 */
export function capAmbientLower(capability: Capability): void {
  ambient(PR_CAP_AMBIENT_LOWER, bitOf('capability', capability));
}

/**
 * Empties the ambient set.
 *
 * **Threads:** of the calling thread, and of the threads and processes that it starts from then on.
 *
 * prctl(2), `PR_CAP_AMBIENT`, Linux 4.3
 */
export function capAmbientClearAll(): void {
  ambient(PR_CAP_AMBIENT_CLEAR_ALL, 0);
}

function ambient(operation: number, bit: number): number {
  return systemCall((calls) => calls.prctl(PR_CAP_AMBIENT, operation, bit));
}

function bitOf(name: string, value: unknown): number {
  return NAMES.indexOf(oneOf(name, value, NAMES) as Capability);
}

function bitsOf(name: string, value: unknown): bigint {
  const names = distinct(name, array(name, value), NAMES) as readonly Capability[];
  return names.reduce((bits, capability) => bits | CAPABILITIES[capability], 0n);
}

function namesOf(bits: bigint): readonly Capability[] {
  return NAMES.filter((name) => (bits & CAPABILITIES[name]) !== 0n);
}
