/** A plan: the ordered list of kernel acts that make one container and run one command in it. A plain, frozen value. */

import type { Namespace } from './constants.js';
import type { ContainerStep, HostStep } from './steps.js';

/**
 * The kernel acts that make a container and run a command in it, in order. `Container.plan()` computes one, `plan()` of
 * `carrel/plan` makes one of parts. It is plain data, frozen. Nothing happens that is not in it.
 */
export interface Plan {
  /** What the supervisor does on the host before the clone. */
  readonly before: readonly HostStep[];
  /** The new namespaces that the child is born into, clone3(2). */
  readonly clone: readonly Namespace[];
  /** What the child does on its way into the container; the last one is how it ends, such as `exec`. */
  readonly steps: readonly ContainerStep[];
  /** What the supervisor does on the host when all is over, however it ended. */
  readonly after: readonly HostStep[];
  /** What each slot holds; the first `received` are the descriptors that the caller sends. Names are for readers. */
  readonly slots: readonly string[];
  /** How many descriptors the caller sends. */
  readonly received: number;
  /** How many of the received ones, the first, the supervisor itself holds until all is over. */
  readonly kept: number;
  /** Whether the container goes on when Node ends, or lets go of it. */
  readonly detached: boolean;
  /** Wall-clock limit in milliseconds from the supervisor's start on, kept by it; 0: none. */
  readonly timeoutMs: number;
  /** The number of the signal that is sent when the time is up. */
  readonly timeoutSignal: number;
  /** Whether the supervisor tells when each act began; left out: it does not. */
  readonly timed?: true;
  /** `'inherit'`: the command stays in the session of Node's process; left out: it has one of its own. setsid(2) */
  readonly session?: 'inherit';
  /** What was asked for and cannot be done, or told; nothing where it is left out. For readers. */
  readonly degraded?: readonly string[];
}

/** Whether the command has a terminal, and so no other standard streams. */
export function hasTerminal({ steps }: Plan): boolean {
  return steps.some(({ op }) => op === 'openTerminal');
}

/** How many descriptors it gives Node. */
export function givenBy({ steps }: Plan): number {
  return steps.reduce((sum, step) => (step.op === 'give' ? sum + step.slots.length : sum), 0);
}

/** Whether nothing but PID 1 stays: there is no command. */
export function isHeld({ steps }: Plan): boolean {
  return steps.at(-1)?.op === 'hold';
}

/** Freezes a value and all that is below it: a plan cannot change after it was printed or sent. */
export function freezeDeep<Value>(value: Value): Value {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const name in value) freezeDeep(value[name]);
  return value;
}
