/** When each act of a plan began, and how long it took: the supervisor's marks as rows. Pure. */

import { columns } from './columns.js';
import type { Plan } from './plan.js';
import { describe } from './sentences.js';
import { isEnding, type Step } from './steps.js';
import { LISTS, MOMENTS } from './wire.js';

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

/** A `timing` frame: which act began when, on the monotonic clock, in nanoseconds. */
export interface Mark {
  readonly list: number;
  readonly index: number;
  readonly act: number;
  readonly atNs: number;
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

export function timedActs(
  plan: Plan,
  marks: readonly Mark[],
  { calledNs, sentNs, toldNs }: NodeTimes,
): readonly TimedAct[] {
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
  const times = new Times(plan, marks);
  const { forked, checked, running, ended, reaped, over } = MOMENTS;
  const moment = (index: number): number | undefined => times.of(LISTS.moments, index);
  const cloned = times.of(LISTS.clone, 0);
  const begun = moment(forked);

  add('node', 'JavaScript, from the call to the request', calledNs, sentNs);
  // The supervisor may be at work before sendmsg(2) has returned to Node.
  add(
    'host',
    'the launcher takes the request, and forks',
    begun === undefined ? undefined : Math.min(sentNs, begun),
    begun,
  );
  add('host', 'check the plan', begun, moment(checked));
  for (const [index, step] of plan.before.entries())
    add('host', step, times.of(LISTS.before, 0, index), times.of(LISTS.before, 0, index + 1) ?? cloned);
  add('host', 'clone3', cloned, times.of(LISTS.steps, 0));
  for (const [index, step] of plan.steps.entries()) {
    const next = times.of(LISTS.steps, index + 1);
    add('container', step, times.of(LISTS.steps, index), isEnding(step) ? moment(running) : next);
    const acts = step.op === 'barrier' ? step.acts : [];
    for (const [act, host] of acts.entries())
      add('host', host, times.of(LISTS.acts, index, act), times.of(LISTS.acts, index, act + 1) ?? next);
  }
  add('container', 'the command runs', moment(running), moment(ended));
  add('host', 'reap', moment(ended), moment(reaped));
  for (const [index, step] of plan.after.entries())
    add('host', step, times.of(LISTS.after, 0, index), times.of(LISTS.after, 0, index + 1) ?? moment(over));
  add('node', 'Node is told', moment(over), toldNs);
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

/** Marks by their places. */
class Times {
  readonly #times = new Map<string, number>();

  constructor(plan: Plan, marks: readonly Mark[]) {
    const init = plan.steps.findIndex(({ op }) => op === 'init');
    const shift = clockShiftNs(plan);
    for (const { list, index, act, atNs } of marks) {
      // The other half of init is born into the time namespace, and reads a clock that is shifted. time_namespaces(7)
      const at = list === LISTS.steps && init >= 0 && index > init ? atNs - shift : atNs;
      this.#times.set(key(list, index, act), at);
    }
  }

  /** Steps and moments have an index, acts a place behind it; what comes before and after the clone has but that. */
  of(list: number, index: number, act = 0): number | undefined {
    return this.#times.get(key(list, index, act));
  }
}

function key(list: number, index: number, act: number): string {
  return list === LISTS.before || list === LISTS.after ? `${list} ${act}` : `${list} ${index} ${act}`;
}

function clockShiftNs(plan: Plan): number {
  const acts = plan.steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const offset = acts.find((act) => act.op === 'setTimeOffset' && act.clock === 'monotonic');
  return offset?.op === 'setTimeOffset' ? offset.seconds * 1e9 + offset.nanoseconds : 0;
}
