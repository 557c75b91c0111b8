/** What carrel is meant to keep to, and what a run found. */

import { kilobytes } from './cells.js';
import type { Doors, Results, Start } from './results.js';
import type { Summary } from './statistics.js';
import type { Pace } from './worker.js';

export interface Budget {
  readonly what: string;
  /** As a text, with its unit. */
  readonly budget: string;
  /** The same for what was found; `–` where it could not be measured. */
  readonly found: string;
  /** Whether it holds; absent where it could not be measured. */
  readonly kept?: boolean;
}

type Direction = '≤' | '≥';

/** All, of medians of one run. */
export function budgetsOf(results: Results): readonly Budget[] {
  return [
    ...[...startBudgets(results), ...blockedBudgets(results), ...loadingBudgets(results), ...growthBudgets(results)],
    ...doorBudgets(results),
    ...egressBudgets(results),
  ];
}

function startBudgets({ starts }: Results): readonly Budget[] {
  const total = (name: string, pace: Pace = 'rested'): Summary | undefined => smallest(starts, name, pace)?.totalNs;
  const carrel = total('carrel rootfs spawn');
  const longer = (name: string, limit: number): Budget =>
    times(`${name}, started from Node, takes longer`, '≥', limit, quotient(total(name), carrel));
  return [
    times('a full container × the C program', '≤', 1.1, quotient(carrel, total('reference'))),
    times(
      'the same, in a row, × the C program',
      '≤',
      1.15,
      quotient(total('carrel rootfs spawn', 'in a row'), total('reference')),
    ),
    times('a full container × `child_process.spawn`', '≤', 1.1, quotient(carrel, total('child_process spawn'))),
    longer('bubblewrap', 2.5),
    longer('crun', 4.5),
    longer('runc', 11),
    times('`limits()` × without', '≤', 1.1, quotient(total('carrel rootfs limits spawn'), carrel)),
    times('seccomp × without', '≤', 1.03, quotient(carrel, total('carrel rootfs unfiltered spawn'))),
    times(
      'a command in a running container × `child_process.spawn`',
      '≤',
      0.6,
      quotient(total('carrel running spawn'), total('child_process spawn')),
    ),
    times(
      '`run()` of a pool × `child_process.spawn`',
      '≤',
      0.6,
      quotient(total('carrel pool run'), total('child_process spawn')),
    ),
    times(
      '`connect()` × `child_process.spawn`',
      '≤',
      0.3,
      quotient(total('carrel running connect'), total('child_process spawn')),
    ),
  ];
}

/**
 * What carrel blocked for when these budgets were made, times what was to be reached since: 0.474 × 0.4, 0.478 × 0.32,
 * 0.183 × 0.24, 0.503 × 0.38.
 */
const BLOCKED = [
  ['', 'rested', 0.19],
  ['', 'in a row', 0.153],
  ['', 'at once', 0.044],
  [' pipes', 'rested', 0.191],
] as const satisfies readonly (readonly [kind: string, pace: Pace, limit: number])[];

function blockedBudgets({ starts }: Results): readonly Budget[] {
  return BLOCKED.map(([kind, pace, limit]) => {
    const blocked = (name: string): Summary | undefined => smallest(starts, `${name} spawn${kind}`, pace)?.blockedNs;
    const how = kind === '' ? pace : 'with pipes';
    const found = quotient(blocked('carrel rootfs'), blocked('child_process'));
    return times(`\`spawn()\` blocked × \`child_process.spawn\`, ${how}`, '≤', limit, found);
  });
}

function loadingBudgets({ loading }: Results): readonly Budget[] {
  const loaded = (text: string): number | undefined => {
    const found = loading.find(({ what }) => what === text);
    return quotient(found?.totalNs, found?.emptyNs);
  };
  return [
    times("`import 'carrel'`, all of it × an empty file", '≤', 1.25, loaded("import 'carrel';")),
    times('`carrel run true` × an empty file', '≤', 2, loaded('carrel run true')),
  ];
}

/** The growth of a bare start is the kernel's, and Node's. */
function growthBudgets({ growth, helpers, staying, pooled }: Results): readonly Budget[] {
  const [idle, nth] = [1000, 100];
  const beside = (name: string, count: number): Summary | undefined =>
    growth?.starts.find((one) => one.name === name && one.idle === count)?.totalNs;
  const grown = (name: string): number | undefined => quotient(beside(name, idle), beside(name, 0));
  const [own, bare] = [grown('carrel rootfs spawn'), grown('child_process spawn')];
  const reached = (count: number): Summary | undefined => growth?.reached.find((one) => one.nth === count)?.totalNs;
  const many = helpers.at(-1);
  return [
    times(
      `the next start beside ${idle} idle × beside none, net of \`child_process.spawn\``,
      '≤',
      1.1,
      own === undefined || bare === undefined ? undefined : own / bare,
    ),
    times(`the ${idle}th idle container × the ${nth}th`, '≤', 1.15, quotient(reached(idle), reached(nth))),
    judged(
      'supervisor and init of one of many idle containers, PSS',
      '≤',
      30 * 1024,
      many && many.restBytes / many.containers,
      kilobytes,
    ),
    judged(
      'the files of one of many idle containers that stay, PSS more',
      '≤',
      40 * 1024,
      staying && (staying.filesBytes - staying.idleBytes) / staying.containers,
      kilobytes,
    ),
    judged(
      'processor time of many idle containers that stay, in a second',
      '≤',
      10,
      staying?.busyMs,
      (ms) => `${ms} ms`,
    ),
    judged(
      'processor time of many containers that are ready in a pool, in a second',
      '≤',
      10,
      pooled?.busyMs,
      (ms) => `${ms} ms`,
    ),
  ];
}

function doorBudgets({ doors }: Results): readonly Budget[] {
  const of = (over: keyof Doors, under: keyof Doors): number | undefined =>
    doors && Number(doors[over]) / Number(doors[under]);
  return [
    judged('`readFile` of 4 KB a second, one by one', '≥', 10_000, doors?.reads.perSecond, (rate) => rate.toFixed(0)),
    times('one large file by `copyIn` × `cp`', '≤', 1.5, of('copyInMs', 'cpMs')),
    times('one large file by `copyOut` × `cp`', '≤', 1.5, of('copyOutMs', 'cpMs')),
    times('through a port × loopback, bytes a second', '≥', 0.7, of('loopbackMs', 'portMs')),
  ];
}

function egressBudgets({ egress }: Results): readonly Budget[] {
  const answers = egress?.answersPerSecond;
  return [
    times('a start with `network({ allow })` × without', '≤', 1.15, quotient(egress?.listedNs, egress?.plainNs)),
    times(
      'relayed from outside × a relay of Node’s, bytes a second',
      '≥',
      0.6,
      quotient(egress?.nodeMs, egress?.relayedMs),
    ),
    judged('answers of the resolver a second', '≥', 5000, answers, (rate) => rate.toFixed(0)),
  ];
}

/** The start of a process that holds little, or is no Node. */
function smallest(starts: readonly Start[], name: string, pace: Pace): Start | undefined {
  return starts.find(
    (one) => one.name === name && one.pace === pace && (one.held.kind === 'small' || one.held.kind === 'none'),
  );
}

function quotient(of: Summary | undefined, to: Summary | undefined): number | undefined {
  return of === undefined || to === undefined ? undefined : of.median / to.median;
}

function times(what: string, direction: Direction, limit: number, found: number | undefined): Budget {
  return judged(what, direction, limit, found, (value) => `${Number(value.toPrecision(3))} ×`);
}

function judged(
  what: string,
  direction: Direction,
  limit: number,
  found: number | undefined,
  text: (value: number) => string,
): Budget {
  const budget = `${direction} ${text(limit)}`;
  if (found === undefined || Number.isNaN(found)) return { what, budget, found: '–' };
  return { what, budget, found: text(found), kept: direction === '≤' ? found <= limit : found >= limit };
}
