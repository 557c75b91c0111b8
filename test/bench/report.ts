/** What a run found, as tables: for the terminal, and for docs/performance.md. */

import type { Held, Results, Start } from './results.js';
import type { Summary } from './statistics.js';
import type { Pace } from './worker.js';

/** A table with a title above it. */
export interface Section {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const TITLES: Readonly<Record<string, string>> = {
  'carrel rootfs spawn': 'carrel, busybox root, spawn() → exit',
  'carrel rootfs run': 'carrel, busybox root, run() with pipes',
  'carrel rootfs spawn pipes': 'carrel, busybox root, spawn() with pipes',
  'carrel rootfs limits spawn': 'carrel, busybox root, limits()',
  'carrel rootfs unfiltered spawn': 'carrel, busybox root, without seccomp',
  'carrel joined spawn': 'carrel, a command in a running container',
  'carrel variables first spawn': 'carrel, 10,000 variables, first time',
  'carrel variables spawn': 'carrel, 10,000 variables, again',
  'carrel layer spawn': 'carrel, overlay of 2 layers',
  'carrel layers first spawn': 'carrel, overlay of 100 layers, first time',
  'carrel layers spawn': 'carrel, overlay of 100 layers, again',
  'carrel spawn': "carrel, host's programs, spawn() → exit",
  'carrel run': "carrel, host's programs, run() with pipes",
  firejail: "firejail, host's programs",
  unshare: 'unshare(1), /proc only',
  'child_process spawn': 'child_process.spawn, no container',
  'child_process spawn pipes': 'child_process.spawn with pipes, no container',
  'child_process execFile': 'child_process.execFile, no container',
  reference: 'C program, the same calls, clone → reaped',
};

export function titleOf(name: string, pace: Pace = 'rested'): string {
  return `${TITLES[name] ?? name}${pace === 'rested' ? '' : `, ${pace}`}`;
}

export function sections(results: Results): readonly Section[] {
  const all = [startSection(results), blockedSection(results)];
  // Of a few cold samples nothing can be told.
  if (!results.short) all.push(budgetSection(results));
  const rest = [rateSection, helperSection, outputSection, phaseSection, loadingSection].map((make) => make(results));
  return [...all, ...rest].filter(({ rows }) => rows.length > 0);
}

function startSection({ starts }: Results): Section {
  const reference = starts.find(({ name }) => name === 'reference');
  return {
    title: 'One container, from the call to the end of `true`',
    note:
      'carrel and the others take turns, each after a rest of 5 ms, in which carrel makes a spare. ' +
      'In a row means: each as soon as the one before has ended. `child_process.spawn` starts the other engines.',
    head: ['what', 'Node holds', 'samples', 'median ms', 'p10–p90 ms', '× C program', '× child_process'],
    rows: starts
      .filter(({ pace }) => pace !== 'at once')
      .map((one) => [
        titleOf(one.name, one.pace),
        holds(one.held),
        String(one.totalNs.count),
        ...spread(one.totalNs, 1e6, 2),
        ratio(one.totalNs, reference?.totalNs),
        ratio(one.totalNs, bare(starts, one)?.totalNs),
      ]),
  };
}

function blockedSection({ starts }: Results): Section {
  return {
    title: 'The event loop, blocked by one call',
    note:
      'A median is the time of the call itself: after a rest, in a row, or some at once, when the processor has the ' +
      'code at hand. The longest turn is that of a timer of 1 ms while some start, by `monitorEventLoopDelay`.',
    head: ['what', 'Node holds', 'median µs', 'p10–p90 µs', '× child_process', 'longest turn ms'],
    rows: starts.flatMap(({ name, held, pace, blockedNs, delayMs }) => {
      if (blockedNs === undefined || !/^(carrel|child_process)/.test(name)) return [];
      const other = bare(starts, { held, pace })?.blockedNs;
      const turn = delayMs === undefined ? '' : delayMs.toFixed(1);
      return [[titleOf(name, pace), holds(held), ...spread(blockedNs, 1e3, 0), ratio(blockedNs, other, 3), turn]];
    }),
  };
}

/** What carrel is meant to keep to. */
function budgetSection({ starts, helpers }: Results): Section {
  const rested = starts.filter(({ pace }) => pace === 'rested');
  const small = (name: string): Summary | undefined =>
    rested.find((one) => one.name === name && (one.held.kind === 'small' || one.held.kind === 'none'))?.totalNs;
  const carrel = small('carrel rootfs spawn');
  const inRow = starts.find(({ name, pace }) => name === 'carrel rootfs spawn' && pace === 'in a row')?.totalNs;
  const most = Math.max(...starts.map(({ held }) => held.bytes));
  const large = (name: string, pace: Pace): Summary | undefined =>
    starts.find(
      (one) => one.name === name && one.pace === pace && one.held.kind === 'buffers' && one.held.bytes === most,
    )?.blockedNs;
  const blocking = (['rested', 'at once'] as const).flatMap((pace) => {
    const blocked = large('carrel rootfs spawn', pace);
    const longer = ratio(large('child_process spawn', pace), blocked, 0);
    const how = pace === 'rested' ? 'after a rest' : 'some at once';
    return [
      [
        `spawn() blocks the event loop, Node with Buffers, ${how}`,
        '≤ 150 µs',
        blocked === undefined ? '–' : `${(blocked.median / 1e3).toFixed(0)} µs`,
      ],
      [`child_process.spawn blocks longer then, ${how}`, '≥ 100 ×', unit(longer, '×')],
    ];
  });
  const [one] = helpers;
  const faster = (name: string, budget: string): readonly string[] => [
    `${name}, started from Node, takes longer`,
    budget,
    unit(ratio(small(name), carrel), '×'),
  ];
  return {
    title: 'Budgets',
    note: 'For information: the machine decides.',
    head: ['what', 'budget', 'found'],
    rows: [
      // It makes no spare.
      ['a full container, in a row, against the C program', '≤ 1.5 ×', unit(ratio(inRow, small('reference')), '×')],
      faster('bubblewrap', '≥ 2 ×'),
      faster('crun', '≥ 5 ×'),
      faster('runc', '≥ 15 ×'),
      ...blocking,
      [
        'helper processes of one idle container',
        '≤ 300 KB',
        one === undefined ? '–' : kilobytes(one.launcherBytes + one.restBytes),
      ],
    ],
  };
}

function rateSection({ rates }: Results): Section {
  return {
    title: 'Containers per second',
    note: 'These ran on all processors. Processor time is that of the whole machine, kernel included.',
    head: ['what', 'at once', 'per second', 'processor ms each'],
    rows: rates.map(({ name, concurrency, perSecond, cpuMsEach }) => [
      titleOf(name),
      String(concurrency),
      perSecond.toFixed(0),
      cpuMsEach.toFixed(2),
    ]),
  };
}

function helperSection({ helpers }: Results): Section {
  return {
    title: "Memory of carrel's own processes",
    note: 'Proportional set size (PSS): what processes share counts once.',
    head: ['idle containers', 'launcher KB', 'supervisors and inits KB', 'KB a container'],
    rows: helpers.map(({ containers, launcherBytes, restBytes }) => [
      String(containers),
      (launcherBytes / 1024).toFixed(0),
      (restBytes / 1024).toFixed(0),
      (restBytes / 1024 / containers).toFixed(0),
    ]),
  };
}

function outputSection({ outputs }: Results): Section {
  return {
    title: 'Standard output',
    note: '`head -c` sends /dev/zero to a `data` listener in Node, on all processors.',
    head: ['what', 'MiB', 'MiB/s median', 'p10–p90'],
    rows: outputs.map(({ name, bytes, bytesPerSecond }) => [
      name.startsWith('carrel') ? 'carrel, busybox root' : 'child_process.spawn',
      (bytes / 2 ** 20).toFixed(0),
      ...spread(bytesPerSecond, 2 ** 20, 0),
    ]),
  };
}

function phaseSection({ phases }: Results): Section {
  return {
    title: 'One start, act by act',
    note:
      "Each row is the median of one act, by the supervisor's clock. `explain({ timing: true })` prints the same " +
      'of one start. Host and container work at the same time.',
    head: ['act', 'by', 'at µs', 'takes µs'],
    rows: phases.map(({ what, by, startUs, durationUs }) => [
      what,
      by === 'node' ? 'Node' : by,
      startUs.toFixed(0),
      durationUs?.toFixed(0) ?? '',
    ]),
  };
}

/** A bare start in the same process; where none is, in one that holds nothing. */
function bare(starts: readonly Start[], { held, pace }: Pick<Start, 'held' | 'pace'>): Start | undefined {
  const kind = held.kind === 'none' ? 'small' : held.kind;
  return starts.find(
    (one) =>
      one.name === 'child_process spawn' &&
      one.pace === pace &&
      one.held.kind === kind &&
      one.held.bytes === held.bytes,
  );
}

function loadingSection({ loading }: Results): Section {
  return {
    title: 'Loading carrel',
    note:
      'Each row is a Node process from its start to its end, beside one that runs an empty file of the same kind. ' +
      'The first container loads what compiles plans and starts the launcher; importing does not.',
    head: ['what', 'samples', 'median ms', 'p10–p90 ms', '× an empty file'],
    rows: loading.map(({ what, totalNs, emptyNs }) => [
      what === '' ? 'an empty file' : what,
      String(totalNs.count),
      ...spread(totalNs, 1e6, 1),
      ratio(totalNs, emptyNs),
    ]),
  };
}

function holds({ kind, bytes }: Held): string {
  if (kind === 'none' || kind === 'small') return kind === 'none' ? '' : 'little';
  const size = bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${bytes / 2 ** 30} GiB`;
  return `${size} of ${kind === 'buffers' ? 'Buffers' : 'objects'}`;
}

function spread(summary: Summary, scale: number, digits: number): readonly string[] {
  const text = (value: number): string => (value / scale).toFixed(digits);
  return [text(summary.median), `${text(summary.p10)}–${text(summary.p90)}`];
}

function ratio(of: Summary | undefined, to: Summary | undefined, digits = 2): string {
  return of === undefined || to === undefined ? '–' : (of.median / to.median).toFixed(digits);
}

function unit(value: string, name: string): string {
  return value === '–' ? value : `${value} ${name}`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`;
}
