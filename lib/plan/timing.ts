/** When each act of a plan began, and how long it took: the supervisor's marks as rows. Pure. */

import { columns } from './columns.js';
import type { List } from './messages.js';
import type { Plan } from './plan.js';
import { describe } from './sentences.js';
import { isEnding, type Step } from './steps.js';
import type { Times } from './times.js';

/** One act of a container that was timed. */
export interface TimedAct {
  /** In words, as `explain()` has it. */
  readonly what: string;
  /** Who was busy with it: Node, the supervisor on the host, the child that became the container. */
  readonly by: 'node' | 'host' | 'container';
  /** Microseconds from the call of `spawn()` to its begin, by the machine's monotonic clock. */
  readonly startUs: number;
  /** Microseconds that it took; `undefined` where its end was not seen. */
  readonly durationUs?: number;
  /** The step, where it is one. */
  readonly step?: Step;
}

/** What Node itself saw, on the same clock. */
export interface NodeTimes {
  /** `spawn()` was called. */
  readonly calledNs: number;
  /** The request was sent. */
  readonly sentNs: number;
  /** The end was told. */
  readonly toldNs: number;
}

/** `times` is what the supervisor has noted. */
export function timedActs(plan: Plan, times: Times, { calledNs, sentNs, toldNs }: NodeTimes): readonly TimedAct[] {
  const rows: TimedAct[] = [];
  const add = (by: TimedAct['by'], what: string | Step, from: number | undefined, to: number | undefined): void => {
    if (from === undefined) return;
    rows.push({
      what: typeof what === 'string' ? what : describe(what),
      by,
      startUs: (from - calledNs) / 1e3,
      ...(to === undefined ? {} : { durationUs: (to - from) / 1e3 }),
      ...(typeof what === 'string' ? {} : { step: what }),
    });
  };
  const { moment, step: stepAt, act: actAt } = lookup(plan, times);
  const begun = moment('forked');

  add('node', 'JavaScript, from the call to the request', calledNs, sentNs);
  // The supervisor may be at work before sendmsg(2) has returned to Node.
  add(
    'host',
    'the launcher takes the request, and forks',
    begun === undefined ? undefined : Math.min(sentNs, begun),
    begun,
  );
  add('host', 'check the plan', begun, moment('checked'));
  for (const [index, step] of plan.before.entries())
    add('host', step, actAt('before', index), actAt('before', index + 1) ?? moment('cloned'));
  add('host', 'clone3', moment('cloned'), stepAt(0));
  for (const [index, step] of plan.steps.entries()) {
    const next = stepAt(index + 1);
    add('container', step, stepAt(index), isEnding(step) ? moment('running') : next);
    const acts = step.op === 'barrier' ? step.acts : [];
    for (const [act, host] of acts.entries())
      add('host', host, actAt('acts', act, index), actAt('acts', act + 1, index) ?? next);
  }
  add('container', 'the command runs', moment('running'), moment('ended'));
  add('host', 'reap', moment('ended'), moment('reaped'));
  for (const [index, step] of plan.after.entries())
    add('host', step, actAt('after', index), actAt('after', index + 1) ?? moment('over'));
  add('node', 'Node is told', moment('over'), toldNs);
  return Object.freeze(rows.sort((one, other) => one.startUs - other.startUs).map((row) => Object.freeze(row)));
}

/** What was timed, in the order of time: when it began, how long it took, and who was busy with it. */
export function explainTiming(acts: readonly TimedAct[]): string {
  const cell = (us: number | undefined): string => (us === undefined ? '' : us.toFixed(0)).padStart(TIME);
  const lines = [`${'at µs'.padStart(TIME)}${'took µs'.padStart(TIME)}  ${columns('host', 'container').join('')}`];
  for (const { what, by, startUs, durationUs } of acts) {
    const [first = '', ...more] =
      by === 'container' ? columns('', what) : columns(by === 'node' ? `Node: ${what}` : what, '');
    lines.push(
      `${cell(startUs)}${cell(durationUs)}  ${first}`,
      ...more.map((line) => `${' '.repeat(2 * TIME + 2)}${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Characters for a number of microseconds. */
const TIME = 9;

/** The times by their places; `undefined` where it did not come to that. */
interface Lookup {
  moment(name: keyof Times['moments']): number | undefined;
  step(index: number): number | undefined;
  /** Of a barrier's, `step` is the barrier's place. */
  act(list: List, act: number, step?: number): number | undefined;
}

function lookup(plan: Plan, { moments, steps, acts }: Times): Lookup {
  const init = plan.steps.findIndex(({ op }) => op === 'init');
  const shift = clockShiftNs(plan);
  const key = (list: List, act: number, step: number): string => `${list} ${list === 'acts' ? step : ''} ${act}`;
  const begun = new Map(acts.map(({ list, index, act, atNs }) => [key(list, act, index), atNs]));
  return {
    moment: (name) => known(moments[name]),
    // The other half of init is born into the time namespace, and reads a clock that is shifted. time_namespaces(7)
    step: (index) => known(steps[index] ?? 0, init >= 0 && index > init ? shift : 0),
    act: (list, act, step = 0) => begun.get(key(list, act, step)),
  };
}

function known(ns: number, shift = 0): number | undefined {
  return ns === 0 ? undefined : ns - shift;
}

function clockShiftNs(plan: Plan): number {
  const acts = plan.steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const offset = acts.find((act) => act.op === 'setTimeOffset' && act.clock === 'monotonic');
  return offset?.op === 'setTimeOffset' ? offset.seconds * 1e9 + offset.nanoseconds : 0;
}
