/** Has a plan performed: holds its ids, opens its descriptors, and gives the process. */

import { uniqueName } from '../cgroup/unique.js';
import { RANGE_FIRST, RANGE_SIZE } from '../compile/ids.js';
import type { CommandLimits } from '../definition/limits.js';
import { CarrelError, startRefused } from '../errors/errors.js';
import { probe } from '../host/probe.js';
import { letGo } from '../launch/handed.js';
import { holdRange } from '../launch/id-range.js';
import { logOf } from '../launch/log.js';
import { native } from '../launch/native.js';
import { sealPlan, startSupervisor } from '../launch/start.js';
import { allPipes, closeStdio, openStdio, type Stdio, type StdioChoice, withoutIgnored } from '../launch/stdio.js';
import { type Settlement, settled } from '../plan/compose.js';
import { encode } from '../plan/encode.js';
import { explain } from '../plan/explain.js';
import { endingOf } from '../plan/frame.js';
import type { Plan } from '../plan/plan.js';
import type { Around } from './around.js';
import { ProcessControl } from './control.js';
import type { Hook } from './hooks.js';
import { ContainerProcess } from './process.js';
import { Supervision } from './supervision.js';

/** A child that has performed the first part of its plan, and the descriptors that it was given. */
export interface Begun {
  readonly supervision: Supervision;
  readonly stdio: Stdio;
}

/** What was begun before it was asked for. */
export interface Beginning {
  /** The child that goes on with `plan`; `undefined` where none waits for such a plan. It is the caller's. */
  take(plan: Plan, choices: readonly StdioChoice[]): Begun | undefined;
  /** `plan` was started: one like it may follow. */
  expect(plan: Plan, choices: readonly StdioChoice[]): void;
}

/** What is asked of a plan besides itself. */
export interface Performance {
  /** One entry for each of the command's descriptors. */
  readonly stdio: readonly StdioChoice[];
  readonly signal: AbortSignal | undefined;
  readonly hooks: readonly Hook[];
  /** When the caller asked for it, on the monotonic clock. */
  readonly calledNs: number;
  /** The container that it enters. */
  readonly within?: Around | undefined;
  /** What it gives is open until its supervision is let go of, as is the lock of its ids. */
  readonly collects?: true | undefined;
  /** What it may reach outside. */
  readonly egress?: readonly string[] | undefined;
  /** The command's own limits. */
  readonly limits?: CommandLimits | undefined;
  /** What was begun of the commands that enter it, or of its pool. */
  readonly ahead?: Beginning | undefined;
  /** It is one of a pool, and has three pipes whatever it is to have. */
  readonly pooled?: boolean;
}

/** What a new supervisor depends on. */
export type New = Pick<Performance, 'stdio' | 'hooks' | 'calledNs' | 'within' | 'collects' | 'egress'>;

/** A plan that is performed: what is known of it, and its face. */
export interface Performing {
  readonly supervision: Supervision;
  readonly child: ContainerProcess;
  readonly control: ProcessControl;
}

const log = logOf('plan');

/**
 * `plan` is for the first range of ids, and its cgroups have no name; it is performed with those that nobody else has.
 *
 * @throws CarrelError where this process lacks what a start takes; then nothing is left of it.
 */
export function perform(plan: Plan, asked: Performance): Performing {
  try {
    return begin(plan, asked);
  } catch (error) {
    throw isSystemError(error) ? startRefused(error) : error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && !(error instanceof CarrelError) && 'syscall' in error && 'errno' in error;
}

function begin(plan: Plan, asked: Performance): Performing {
  const { signal, ahead, within, limits, pooled = false } = asked;
  const choices = pooled ? allPipes(asked.stdio) : asked.stdio;
  const begun = ahead?.take(plan, choices);
  const sequel = begun === undefined ? undefined : sequelOf(plan, begun);
  const { supervision, stdio: opened } = begun ?? beginAnew(plan, { ...asked, stdio: choices });
  const stdio = pooled ? withoutIgnored(opened, asked.stdio) : opened;
  const ending = endingOf(plan);
  const args = ending?.op === 'exec' ? ending.args : [];
  const control = new ProcessControl(supervision, limits, within?.limits);
  const child = new ContainerProcess(supervision, control, args, stdio);
  ahead?.expect(plan, choices);
  if (signal !== undefined) endByAbort(supervision, signal);
  // Last: the supervisor that it wakes may have to wait for this processor.
  if (sequel !== undefined) supervision.follow(plan, sequel, asked);
  return { supervision, child, control };
}

/** The plan, for who has performed the first part of it. */
function sequelOf(plan: Plan, { supervision }: Begun): number {
  if (log.enabled) log('\n%s', explain(plan));
  try {
    return sealPlan(encode(plan, supervision.settlement));
  } catch (error) {
    supervision.end('killed');
    throw error;
  }
}

/** By a new supervisor. With `collects` it holds what it gives, and its ids, until it is let go of. */
export function beginAnew(plan: Plan, asked: New): Begun {
  const { stdio: choices, hooks, calledNs, within, collects, egress } = asked;
  const range = plan.kept > 0 ? holdRange(probe()) : undefined;
  let stdio: Stdio | undefined;
  try {
    const settlement: Settlement = {
      move: range === undefined ? undefined : { from: RANGE_FIRST, to: range.first, count: RANGE_SIZE },
      cgroup: makesCgroups(plan) ? uniqueName() : undefined,
    };
    if (log.enabled) log('\n%s', explain(settled(plan, settlement)));
    stdio = openStdio(choices);
    const kept = range === undefined ? [] : [range.lock];
    const held = collects === true ? kept : undefined;
    const owned = held === undefined ? [...stdio.owned, ...kept] : stdio.owned;
    const passed = { ...stdio, sent: [...kept, ...stdio.sent], owned };
    const supervision = new Supervision({ plan, settlement, hooks, calledNs, within, held, egress });
    const { handed } = stdio;
    const sent = (error: Error | undefined): void => {
      supervision.sent(error);
      if (error === undefined) handed.forEach(letGo);
    };
    supervision.connect(startSupervisor(encode(plan, settlement), passed, supervision, plan.session ?? 'new', sent));
    for (const descriptor of held ?? []) native().hold(descriptor);
    return { supervision, stdio };
  } catch (error) {
    // No descriptor is left behind where the last one could not be made.
    if (range !== undefined) native().close(range.lock);
    if (stdio !== undefined) closeStdio(stdio);
    throw error;
  }
}

/** The signal is let go of when there is nothing left to end. */
function endByAbort(supervision: Supervision, signal: AbortSignal): void {
  const abort = (): void => supervision.end('aborted');
  const forget = (): void => signal.removeEventListener('abort', abort);
  signal.addEventListener('abort', abort, { once: true });
  supervision.ended.then(forget, forget);
}

function makesCgroups({ before }: Plan): boolean {
  return before.some(({ op }) => op === 'makeCgroup' || op === 'nestCgroup');
}
