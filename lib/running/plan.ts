/** Performs a plan of the caller's own. */

import { abortSignal, array, knownOptions } from '../definition/checks.js';
import { checkPlan } from '../definition/plan.js';
import { contradiction, invalidType, invalidValue } from '../errors/errors.js';
import { monotonicNs } from '../launch/clock.js';
import { checkStdio, type StdioChoice, type StdioOption } from '../launch/stdio.js';
import { endingOf } from '../plan/frame.js';
import { hasTerminal, type Plan } from '../plan/plan.js';
import { ENDING_OPS } from '../plan/steps.js';
import type { Hook } from './hooks.js';
import { perform } from './perform.js';
import type { ContainerProcess } from './process.js';
import { checkRun, type OutputOptions, type RunResult, runToEnd } from './run.js';

/** Options of {@link spawn}. What the command is, and its time-out, is in the plan. */
export interface SpawnPlanOptions {
  /**
   * As many entries as the plan receives descriptors, as in `Container.spawn`. Default: `'pipe'` for the first three.
   */
  readonly stdio?: StdioOption | undefined;
  /** Called at each barrier that has `hook`, one after the other. Default: none, and such a barrier is passed. */
  readonly hooks?: readonly Hook[] | undefined;
  /** Ends the container when it is aborted; the reason is then `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Performs a plan. It is that of a `Container`, and then has a range of ids of its own, or one of yours; the process is
 * the same.
 *
 * @throws TypeError where the plan does not end, or `stdio` does not fit the plan; the reason of a `signal` that is
 *   aborted already; CarrelError with `ERR_UNSUPPORTED` where carrel cannot work at all. Then nothing was started.
 */
export function spawn(value: Plan, options: SpawnPlanOptions = {}): ContainerProcess {
  const calledNs = monotonicNs();
  checkPlan('value', value);
  knownOptions('spawn()', options, ['stdio', 'hooks', 'signal']);
  const { hooks = [], signal } = options;
  abortSignal('signal', signal);
  for (const [index, hook] of array('hooks', hooks).entries())
    if (typeof hook !== 'function') throw invalidType(`hooks[${index}]`, 'a function', hook);
  const ending = endingOf(value);
  if (ending?.op === 'awaitPlan')
    throw contradiction('the plan ends with awaitPlan, and only carrel itself sends what follows that');
  if (ending === undefined)
    throw contradiction(`the plan has no ${ENDING_OPS.join(' or ')} at its end: there is nothing to run`);
  signal?.throwIfAborted();
  return perform(value, { stdio: choicesFor(value, options.stdio), hooks, signal, calledNs }).child;
}

/** Options of {@link run}. */
export interface RunPlanOptions extends OutputOptions, Omit<SpawnPlanOptions, 'stdio'> {}

/**
 * Performs a plan to its end and collects its output, as `Container.run` does.
 *
 * @throws What {@link spawn} throws; TypeError for a plan with a terminal; StepError where the kernel refused a step;
 *   ExitError with `check: true`.
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
  return runToEnd(spawn(value, { hooks, signal }), how);
}

/** What each descriptor of the command is. What is ignored is not received, and the terminal's is not the caller's. */
function choicesFor(value: Plan, option: unknown): readonly StdioChoice[] {
  const shown = terminalsOf(value);
  const count = value.received - value.kept - (shown === undefined ? 0 : 1);
  const choices = option === undefined ? defaultsFor(value, count, shown) : checkStdio(option, shown !== undefined);
  const given = choices.filter(({ kind }) => kind !== 'ignore' && kind !== 'terminal').length;
  const agrees = choices.every(({ kind }, index) => (kind === 'terminal') === (shown?.[index] ?? false));
  if (given === count && agrees) return choices;
  if (shown === undefined)
    throw invalidValue('stdio', `a list with ${count} descriptors beside those that are "ignore"`, option);
  throw contradiction(
    `stdio: the plan has a terminal, and beside it ${count} descriptors: leave out what is the terminal's`,
  );
}

/** Which descriptors are the plan's terminal; `undefined` where it has none. */
function terminalsOf(value: Plan): readonly boolean[] | undefined {
  const opened = value.steps.find((step) => step.op === 'openTerminal');
  if (opened?.op !== 'openTerminal') return undefined;
  const ending = endingOf(value);
  const shown = ending?.op === 'exec' ? ending.stdio.map((slot) => slot === opened.slot) : [true, true, true];
  if (!shown.includes(true)) throw contradiction('the plan has a terminal that is none of its command’s descriptors');
  return shown;
}

function defaultsFor(value: Plan, count: number, shown: readonly boolean[] | undefined): readonly StdioChoice[] {
  const stream = (index: number): StdioChoice => ({ kind: index < 3 ? 'pipe' : 'socket' });
  if (shown === undefined) return Array.from({ length: count }, (_, index) => stream(index));
  const ending = endingOf(value);
  const given = ending?.op === 'exec' ? ending.stdio : [];
  return shown.map((isTerminal, index) => {
    if (isTerminal) return { kind: 'terminal' };
    return given[index] === 'ignore' ? { kind: 'ignore' } : stream(index);
  });
}
