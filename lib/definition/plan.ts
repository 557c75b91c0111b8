/** A plan of the caller's own: made of parts, joined with others, compared and printed. */

import { contradiction, invalidType, slotTaken } from '../errors/errors.js';
import { joinPlans, slotCount } from '../plan/compose.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import { encode } from '../plan/encode.js';
import { explain as explainPlan, explainServed } from '../plan/explain.js';
import { firstRefilled, namedSteps } from '../plan/filled.js';
import { freezeDeep, type Plan } from '../plan/plan.js';
import { type ContainerStep, type HostStep, isEnding, type ServedStep } from '../plan/steps.js';
import { array, boolean, distinct, integer, knownOptions, object } from './checks.js';
import { checkSession, type Session } from './session.js';
import { checkStep } from './steps.js';

/** The parts of a plan; all except `steps` have defaults. */
export interface PlanInput {
  /** What the supervisor does on the host before the clone. Default: nothing. */
  readonly before?: readonly HostStep[];
  /**
   * The new namespaces that the child is born into, clone3(2). Default: none. `cgroup` takes the supervisor's cgroup
   * for its root.
   */
  readonly clone?: readonly Namespace[];
  /**
   * What the child does, in order. In a plan that is to run, the last one ends it, as `exec` does. Without an ending
   * the plan is a part for {@link concat}.
   */
  readonly steps?: readonly ContainerStep[];
  /** What the supervisor does on the host when all is over, however it ended. Default: nothing. */
  readonly after?: readonly HostStep[];
  /** How many slots, from 0 on, hold descriptors of the caller's: those of `stdio`, 0 to 240. Default: 3. */
  readonly received?: number;
  /** Wall-clock limit in milliseconds from the supervisor's start on, 0 to 2^53 − 1; 0 is none. Default: 0. */
  readonly timeoutMs?: number;
  /** The number of the signal that the command gets when the time is up, 1 to 64. Default: 9, SIGKILL. */
  readonly timeoutSignal?: number;
  /** Whether it goes on when Node ends. Default: `false`. */
  readonly detached?: boolean;
  /**
   * Whether the supervisor tells when each act began, for `explain({ timing: true })` of the process. Default: `false`.
   */
  readonly timed?: boolean;
  /** The session of the command, as `session` of `Container.spawn` has it. Default: `'new'`. */
  readonly session?: Session;
}

const PARTS = [
  'before',
  'clone',
  'steps',
  'after',
  'received',
  'timeoutMs',
  'timeoutSignal',
  'detached',
  'timed',
  'session',
];
const STANDARD = ['stdin', 'stdout', 'stderr'];

/**
 * Makes a plan of its parts, checked and frozen. Slots that steps name beyond the received ones are the plan's own.
 * A step that opens something puts it into an empty slot: one that nobody has filled before.
 *
 * @throws TypeError or RangeError with Node's codes, naming the part, the step's number and its field.
 */
export function plan(parts: PlanInput): Plan {
  object('plan', parts);
  knownOptions('plan()', parts, PARTS);
  const host = (name: 'before' | 'after'): readonly HostStep[] =>
    array(name, parts[name] ?? []).map((step, index) => checkStep(`${name}[${index}]`, step, 'host') as HostStep);
  const steps = array('steps', parts.steps ?? []).map(
    (step, index) => checkStep(`steps[${index}]`, step, 'container') as ContainerStep,
  );
  const [before, after] = [host('before'), host('after')];
  const received = integer('received', parts.received ?? STANDARD.length, 0, 240);
  const count = Math.max(received, slotCount([...before, ...steps, ...after]));
  checkEnd(steps);
  const refilled = firstRefilled([...namedSteps('before', before), ...namedSteps('steps', steps)], received);
  if (refilled !== undefined) throw slotTaken(refilled, received);
  return freezeDeep({
    before,
    clone: distinct('clone', array('clone', parts.clone ?? []), Object.keys(NAMESPACES)) as readonly Namespace[],
    steps,
    after,
    slots: Array.from({ length: count }, (_, slot) => nameOf(slot, received)),
    received,
    kept: 0,
    detached: boolean('detached', parts.detached ?? false),
    timeoutMs: integer('timeoutMs', parts.timeoutMs ?? 0, 0, Number.MAX_SAFE_INTEGER),
    timeoutSignal: integer('timeoutSignal', parts.timeoutSignal ?? 9, 1, 64),
    ...(boolean('timed', parts.timed ?? false) ? { timed: true as const } : {}),
    ...(checkSession(parts.session) === 'inherit' ? { session: 'inherit' as const } : {}),
  });
}

/**
 * Joins plans to one that does what all of them do, one after the other. It unites the namespaces, and renumbers slots
 * that belong to one plan alone. The caller's descriptors are the same for all. `after` is in the opposite order. The
 * last time-out counts.
 *
 * @throws TypeError where a plan other than the last has an ending, since nothing can stand behind one. Also where a
 *   plan comes from a `Container` that holds a range of ids.
 */
export function concat(...plans: readonly Plan[]): Plan {
  for (const [index, part] of plans.entries()) {
    checkPlan(`plans[${index}]`, part);
    const ending = part.steps.find(isEnding);
    if (index < plans.length - 1 && ending !== undefined)
      throw contradiction(`plan ${index} of ${plans.length} ends with ${ending.op}: nothing can come after it`);
    if (part.kept > 0) throw contradiction(`plan ${index} of ${plans.length} holds a range of ids, and stands alone`);
  }
  return joinPlans(plans);
}

/**
 * Says whether two plans do the same. Neither the origin of steps nor the names of slots count. Throws a TypeError for
 * what is no plan.
 */
export function equals(one: Plan, other: Plan): boolean {
  checkPlan('one', one);
  checkPlan('other', other);
  return encode(one).equals(encode(other));
}

/**
 * Gives a plan as a text of two columns: what the host does on the left, what the container does on the right. A list
 * that a server is asked to perform in a running container, {@link ServedList}, is a text of one column.
 *
 * @throws TypeError or RangeError for what is neither, naming the step and its field.
 */
export function explain(value: Plan | readonly ServedStep[]): string {
  if (Array.isArray(value)) {
    const list = value.map((step, index) => checkStep(`value[${index}]`, step, 'server') as ServedStep);
    return explainServed(list);
  }
  checkPlan('value', value);
  return explainPlan(value as Plan);
}

/** Whether it can be a plan at all; what is in one was checked when it was made. */
export function checkPlan(name: string, value: unknown): void {
  object(name, value);
  const lists = ['before', 'clone', 'steps', 'after', 'slots'];
  if (!lists.every((list) => Array.isArray((value as Readonly<Record<string, unknown>>)[list])))
    throw invalidType(name, 'a plan, as plan() and Container.plan() make it', value);
}

function checkEnd(steps: readonly ContainerStep[]): void {
  const at = steps.findIndex(isEnding);
  if (at >= 0 && at < steps.length - 1)
    throw contradiction(`steps[${at}] is ${steps[at]?.op}, and must be the last: nothing can come after it`);
}

function nameOf(slot: number, received: number): string {
  return (slot < received ? STANDARD[slot] : undefined) ?? `slot ${slot}`;
}
