/**
 * `carrel/plan`: plans as values. A plan is the ordered list of kernel acts that make a container; `Container` computes one, and whoever
 * wants to composes one of steps from `carrel/steps`. It can be read, changed, joined with others, stored, compared and run.
 *
 * ```ts
 * import { exec, mount, propagation } from 'carrel/steps';
 * import { explain, plan, run } from 'carrel/plan';
 *
 * const own = plan({
 *   clone: ['mount'],
 *   steps: [
 *     propagation({ target: '/', type: 'private' }),
 *     mount({ type: 'tmpfs', target: '/mnt' }),
 *     exec({ args: ['/bin/ls', '-la', '/mnt'] }),
 *   ],
 * });
 * console.log(explain(own));
 * console.log((await run(own)).stdout);
 * ```
 *
 * carrel adds nothing to a plan of your own: no limit, no map of ids, no dropped capability that is not a step of it.
 *
 * @packageDocumentation
 */

import { array, boolean, distinct, integer, knownOptions, object, text } from './definition/checks.js';
import { checkStep } from './definition/steps.js';
import { contradiction, invalidType, invalidValue } from './errors.js';
import type { Hook } from './hooks.js';
import { monotonicNs } from './launch/clock.js';
import { checkStdio, type StdioChoice, type StdioOption } from './launch/stdio.js';
import { perform } from './perform.js';
import { joinPlans, slotCount } from './plan/compose.js';
import { NAMESPACES, type Namespace } from './plan/constants.js';
import { encode } from './plan/encode.js';
import { explain as explainPlan } from './plan/explain.js';
import { freezeDeep, hasTerminal, type Plan } from './plan/plan.js';
import type { ContainerStep, HostStep } from './plan/steps.js';
import type { ContainerProcess } from './process.js';
import { type CollectOptions, checkRun, collect, type RunResult } from './run.js';

export type { Namespace } from './plan/constants.js';
export type { Plan } from './plan/plan.js';
export type { ContainerStep, HostStep, Step } from './plan/steps.js';

/** The parts of a plan; all but `steps` have defaults. */
export interface PlanInput {
  /** What the supervisor does on the host before the clone. Default: nothing. */
  readonly before?: readonly HostStep[];
  /** The new namespaces that the child is born into, clone3(2). Default: none. `cgroup` takes the supervisor's cgroup for its root. */
  readonly clone?: readonly Namespace[];
  /** What the child does, in order. To be run, the last one has to be `exec`; without it, it is a part for {@link concat}. */
  readonly steps?: readonly ContainerStep[];
  /** What the supervisor does on the host when all is over, however it ended. Default: nothing. */
  readonly after?: readonly HostStep[];
  /** How many slots, from 0 on, hold descriptors of the caller's: those of `stdio`, 0 to 240. Default: 3. */
  readonly received?: number;
  /** Wall-clock limit in milliseconds from the supervisor's start on, 0 to 2^53 − 1; 0 is none. Default: 0. */
  readonly timeoutMs?: number;
  /** The number of the signal that is sent to the command when the time is up, 1 to 64. Default: 9, SIGKILL. */
  readonly timeoutSignal?: number;
  /** Whether it goes on when Node ends. Default: `false`. */
  readonly detached?: boolean;
  /** Whether the supervisor tells when each act began, for `explain({ timing: true })` of the process. Default: `false`. */
  readonly timed?: boolean;
}

const PARTS = ['before', 'clone', 'steps', 'after', 'received', 'timeoutMs', 'timeoutSignal', 'detached', 'timed'];
const STANDARD = ['stdin', 'stdout', 'stderr'];

/**
 * Makes a plan of its parts, checked and frozen. Slots that steps name beyond the received ones are the plan's own.
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
  });
}

/**
 * One plan that does what all of them do, one after the other. Namespaces are united, slots that belong to a plan alone are
 * renumbered, the caller's descriptors are the same for all; `after` is in the opposite order; the last time-out counts.
 *
 * @throws TypeError where a plan other than the last ends with `exec`, behind which nothing can stand, or comes from a `Container` that holds
 *   a range of ids.
 */
export function concat(...plans: readonly Plan[]): Plan {
  for (const [index, part] of plans.entries()) {
    checkPlan(`plans[${index}]`, part);
    if (index < plans.length - 1 && part.steps.some(({ op }) => op === 'exec'))
      throw contradiction(`plan ${index} of ${plans.length} ends with exec: nothing can come after it`);
    if (part.kept > 0) throw contradiction(`plan ${index} of ${plans.length} holds a range of ids, and stands alone`);
  }
  return joinPlans(plans);
}

/** Whether two plans do the same. Where their steps come from, and how their slots are called, does not count. Throws a TypeError for what is no plan. */
export function equals(one: Plan, other: Plan): boolean {
  checkPlan('one', one);
  checkPlan('other', other);
  return encode(one).equals(encode(other));
}

/** A plan as a text of two columns: what the host does on the left, what the container does on the right. Throws a TypeError for what is no plan. */
export function explain(value: Plan): string {
  checkPlan('value', value);
  return explainPlan(value);
}

/**
 * A plan as JSON, for storing or sending; {@link parse} reads it. Bytes are `{ base64 }`. Contents of files and the environment are part of it.
 *
 * @param indent Spaces a level, 0 to 10, as `JSON.stringify` takes it. Default: 0, one line.
 * @throws TypeError for what is no plan.
 */
export function stringify(value: Plan, indent = 0): string {
  checkPlan('value', value);
  const write = (_key: string, part: unknown): unknown =>
    part instanceof Uint8Array ? { base64: Buffer.from(part).toString('base64') } : part;
  // A Buffer would write itself as a list of numbers before it is asked for.
  return JSON.stringify(plain(value), write, indent);
}

/**
 * Reads a plan that {@link stringify} has written. It is checked like one made by {@link plan}: what it will do is what it says, so look at who wrote it.
 *
 * @throws SyntaxError where it is no JSON, TypeError or RangeError naming what is wrong in it.
 */
export function parse(json: string): Plan {
  const read = (_key: string, part: unknown): unknown => (isBase64(part) ? fromBase64(part.base64) : part);
  const value: unknown = JSON.parse(text('json', json), read);
  object('json', value);
  const { slots, kept, degraded, ...parts } = value as Record<string, unknown>;
  const made = plan(parts as PlanInput);
  const names = array('slots', slots ?? made.slots).map((name, index) => text(`slots[${index}]`, name));
  if (names.length < made.slots.length)
    throw invalidValue('slots', `a list of ${made.slots.length} names at least`, names);
  const lacks = array('degraded', degraded ?? []).map((lack, index) => text(`degraded[${index}]`, lack));
  return freezeDeep({
    ...made,
    ...(lacks.length > 0 ? { degraded: lacks } : {}),
    slots: names,
    kept: integer('kept', kept ?? 0, 0, made.received),
  });
}

/** Options of {@link spawn}. What the command is, and its time-out, is in the plan. */
export interface SpawnPlanOptions {
  /** As many entries as the plan receives descriptors, as in `Container.spawn`. Default: `'pipe'` for the first three. */
  readonly stdio?: StdioOption | undefined;
  /** Called at each barrier that has `hook`, one after the other. Default: none, and such a barrier is passed. */
  readonly hooks?: readonly Hook[] | undefined;
  /** Ends the container when it is aborted; the reason is then `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Performs a plan. It is that of a `Container`, and then has a range of ids of its own, or one of yours; the process is the same.
 *
 * @throws TypeError where there is no `exec`, or `stdio` does not fit the plan; the reason of a `signal` that is aborted already; CarrelError with `ERR_UNSUPPORTED` where carrel
 *   cannot work at all. Then nothing was started.
 */
export function spawn(value: Plan, options: SpawnPlanOptions = {}): ContainerProcess {
  const calledNs = monotonicNs();
  checkPlan('value', value);
  knownOptions('spawn()', options, ['stdio', 'hooks', 'signal']);
  const { hooks = [], signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal);
  for (const [index, hook] of array('hooks', hooks).entries())
    if (typeof hook !== 'function') throw invalidType(`hooks[${index}]`, 'a function', hook);
  if (value.steps.at(-1)?.op !== 'exec')
    throw contradiction('the plan has no exec at its end: there is nothing to run');
  signal?.throwIfAborted();
  const terminal = hasTerminal(value);
  return perform(value, { terminal, stdio: choicesFor(value, options.stdio), hooks, signal, calledNs });
}

/** Options of {@link run}. */
export interface RunPlanOptions extends CollectOptions, Omit<SpawnPlanOptions, 'stdio'> {}

/**
 * Performs a plan to its end and collects its output, as `Container.run` does.
 *
 * @throws What {@link spawn} throws; TypeError for a plan with a terminal; StepError where the kernel refused a step; ExitError with `check: true`.
 */
export async function run(
  value: Plan,
  options: RunPlanOptions & { readonly encoding: 'buffer' },
): Promise<RunResult<Buffer>>;
export async function run(value: Plan, options?: RunPlanOptions): Promise<RunResult>;
export async function run(value: Plan, options: RunPlanOptions = {}): Promise<RunResult<string | Buffer>> {
  checkPlan('value', value);
  const how = checkRun(options, ['hooks', 'signal']);
  if (hasTerminal(value)) throw contradiction('run() collects pipes: use spawn() for a plan with a terminal');
  const { hooks, signal } = options;
  return collect(spawn(value, { hooks, signal }), how);
}

/** Whether it can be a plan at all; what is in one was checked when it was made. */
function checkPlan(name: string, value: unknown): void {
  object(name, value);
  const lists = ['before', 'clone', 'steps', 'after', 'slots'];
  if (!lists.every((list) => Array.isArray((value as Readonly<Record<string, unknown>>)[list])))
    throw invalidType(name, 'a plan, as plan() and Container.plan() make it', value);
}

/** What is ignored is not received. */
function choicesFor(value: Plan, option: unknown): readonly StdioChoice[] {
  const count = value.received - value.kept;
  if (hasTerminal(value)) {
    if (option !== undefined) throw contradiction('the plan has a terminal, which is all three standard descriptors');
    return [];
  }
  if (option === undefined)
    return Array.from({ length: count }, (_, index) => ({ kind: index < 3 ? 'pipe' : 'socket' }));
  const choices = checkStdio(option);
  if (choices.filter(({ kind }) => kind !== 'ignore').length !== count)
    throw invalidValue('stdio', `a list with ${count} descriptors beside those that are "ignore"`, option);
  return choices;
}

function checkEnd(steps: readonly ContainerStep[]): void {
  const at = steps.findIndex(({ op }) => op === 'exec');
  if (at >= 0 && at < steps.length - 1)
    throw contradiction(`steps[${at}] is exec, and must be the last: nothing can come after it`);
}

function nameOf(slot: number, received: number): string {
  return (slot < received ? STANDARD[slot] : undefined) ?? `slot ${slot}`;
}

/** The same value without toJSON() of a Buffer in the way. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function isBase64(part: unknown): part is { readonly base64: string } {
  return part !== null && typeof part === 'object' && typeof (part as { base64?: unknown }).base64 === 'string';
}

function fromBase64(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
