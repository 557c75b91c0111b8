/** The samples of a run as tables: times, the time that the event loop stands still, and the budgets beside what was found. */

import { release } from 'node:os';
import type { MemoryKind } from './measuring.js';
import { type Summary, summarize, table } from './statistics.js';

/** In which Node process: one with little memory, one with much, or none. */
type Memory = MemoryKind | 'none';

export interface Measured {
  readonly name: string;
  readonly memory: Memory;
  readonly totalNs: readonly number[];
  /** Empty where no event loop was there to be blocked. */
  readonly blockedNs: readonly number[];
}

export interface ReportOptions {
  readonly measured: readonly Measured[];
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
  readonly where: string;
  /** What the processes with much memory hold. */
  readonly residentBytes: number;
  readonly short: boolean;
}

const TITLES: Readonly<Record<string, string>> = {
  'carrel rootfs spawn': 'carrel, busybox root, spawn() → exit',
  'carrel rootfs run': 'carrel, busybox root, run() with pipes',
  'carrel spawn': "carrel, host's programs, spawn() → exit",
  'carrel run': "carrel, host's programs, run() with pipes",
  'bubblewrap spawn': 'bubblewrap, busybox root, from Node',
  'child_process spawn': 'child_process.spawn, no container',
  'child_process execFile': 'child_process.execFile, no container',
  reference: 'C program, busybox root, clone → reaped',
};

type Find = (name: string, memory: Memory) => Summary | undefined;

export function report({ measured, skipped, where, residentBytes, short }: ReportOptions): string {
  const total = finder(measured, ({ totalNs }) => totalNs);
  const blocked = finder(measured, ({ blockedNs }) => blockedNs);
  const user = process.getuid?.() === 0 ? 'root' : 'an ordinary user';
  const much = `${Math.round(residentBytes / 2 ** 20)} MiB`;
  return [
    `\ncarrel bench, as ${user}, ${where}, Linux ${release()}, Node ${process.version}${short ? ', short: the numbers mean little' : ''}`,
    `/bin/true, from start to end; samples taken in turn; Node small, or with ${much} in objects or Buffers\n`,
    times(measured, total),
    '\nevent loop blocked by one call\n',
    blockings(measured, blocked),
    // Of a few cold samples nothing can be told.
    ...(short ? [] : ['\nbudgets, as information\n', budgets(total, blocked)]),
    ...(skipped.length === 0 ? [] : [`\nnot measured\n  ${skipped.join('\n  ')}`]),
  ].join('\n');
}

function times(measured: readonly Measured[], total: Find): string {
  const head = ['what', 'Node', 'samples', 'median ms', 'p10–p90 ms', '× C program', '× child_process'];
  const rows = measured.map(({ name, memory }) => {
    const summary = total(name, memory);
    const bare = total('child_process spawn', memory === 'none' ? 'small' : memory);
    return [
      ...start(name, memory, summary),
      ...spread(summary, 1e6, 2),
      ratio(summary, total('reference', 'none')),
      ratio(summary, bare),
    ];
  });
  return table(head, rows);
}

function blockings(measured: readonly Measured[], blocked: Find): string {
  const head = ['what', 'Node', 'samples', 'median µs', 'p10–p90 µs', '× child_process'];
  const rows = measured
    .filter(({ blockedNs }) => blockedNs.length > 0)
    .map(({ name, memory }) => {
      const summary = blocked(name, memory);
      return [
        ...start(name, memory, summary),
        ...spread(summary, 1e3, 0),
        ratio(summary, blocked('child_process spawn', memory), 3),
      ];
    });
  return table(head, rows);
}

function budgets(total: Find, blocked: Find): string {
  const carrel = total('carrel rootfs spawn', 'small');
  const block = blocked('carrel rootfs spawn', 'buffers');
  const microseconds = block === undefined ? '–' : `${(block.median / 1e3).toFixed(0)} µs`;
  return table(
    ['what', 'budget', 'found'],
    [
      ['full container against the C program', '≤ 1.5 ×', unit(ratio(carrel, total('reference', 'none')), '×')],
      [
        'bubblewrap from Node against full container',
        '≥ 2 ×',
        unit(ratio(total('bubblewrap spawn', 'small'), carrel), '×'),
      ],
      ['event loop blocked by spawn(), Node with Buffers', '≤ 150 µs', microseconds],
      [
        'child_process.spawn blocks longer, Node with Buffers',
        '≥ 100 ×',
        unit(ratio(blocked('child_process spawn', 'buffers'), block, 0), '×'),
      ],
    ],
  );
}

function finder(measured: readonly Measured[], values: (one: Measured) => readonly number[]): Find {
  const summaries = new Map(measured.map((one) => [`${one.memory} ${one.name}`, summarize(values(one))]));
  return (name, memory) => summaries.get(`${memory} ${name}`);
}

function start(name: string, memory: Memory, summary: Summary | undefined): readonly string[] {
  return [TITLES[name] ?? name, memory === 'none' ? '' : memory, String(summary?.count ?? 0)];
}

function spread(summary: Summary | undefined, scale: number, digits: number): readonly string[] {
  if (summary === undefined) return ['–', '–'];
  const text = (value: number): string => (value / scale).toFixed(digits);
  return [text(summary.median), `${text(summary.p10)}–${text(summary.p90)}`];
}

function ratio(of: Summary | undefined, to: Summary | undefined, digits = 2): string {
  return of === undefined || to === undefined ? '–' : (of.median / to.median).toFixed(digits);
}

function unit(value: string, name: string): string {
  return value === '–' ? value : `${value} ${name}`;
}
