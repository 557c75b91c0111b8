/** What a run found, as tables: for the terminal, and for docs/performance.md. */

import { budgetsOf } from './budgets.js';
import { holds, ratio, spread } from './cells.js';
import { egressSection } from './egress-section.js';
import type { Machine, Results, Start } from './results.js';
import type { Summary } from './statistics.js';
import { titleOf } from './titles.js';

/** A table with a title above it. */
export interface Section {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const OUTPUTS: Readonly<Record<string, string>> = {
  'carrel rootfs spawn': 'carrel, spawn()',
  'child_process spawn': 'child_process.spawn',
  'carrel run buffer': "carrel, run() with encoding: 'buffer'",
  'carrel run utf8': "carrel, run() with encoding: 'utf8'",
};
const FILTERS: Readonly<Record<string, string>> = {
  none: 'none',
  default: "carrel's default profile",
  docker: "Docker's profile, compiled by carrel",
  libseccomp: "Docker's profile, compiled by libseccomp",
};
/** The part of the processors that others may use while the machine counts as quiet. */
const QUIET = 0.05;
const LARGE = / (variables|layer|layers) /;

export function sections(results: Results): readonly Section[] {
  const makers = [
    startSection,
    blockedSection,
    // Of a few cold samples nothing can be told.
    ...(results.form === 'short' ? [] : [budgetSection]),
    ...[
      besideSection,
      nthSection,
      endingSection,
      largeSection,
      rateSection,
      helperSection,
      stayingSection,
      pooledSection,
      doorsSection,
      egressSection,
      outputSection,
    ],
    ...[filterSection, openSection, phaseSection, loadingSection],
  ];
  return makers.map((make) => make(results)).filter(({ rows }) => rows.length > 0);
}

/** What others did meanwhile, in a sentence. */
export function quietness({ busy }: Machine): string {
  const part = `${Math.round(busy * 100)} % of the processors' time`;
  return busy <= QUIET
    ? `The machine was quiet: others used ${part}, right before and after.`
    : `The machine was not quiet: others used ${part}, right before or after. Ratios tell little then, times nothing.`;
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
      .filter(({ name, pace }) => pace !== 'at once' && !LARGE.test(name))
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
      if (blockedNs === undefined || !/^(carrel|child_process)/.test(name) || LARGE.test(name)) return [];
      const other = bare(starts, { held, pace })?.blockedNs;
      const turn = delayMs === undefined ? '' : delayMs.toFixed(1);
      return [[titleOf(name, pace), holds(held), ...spread(blockedNs, 1e3, 0), ratio(blockedNs, other, 3), turn]];
    }),
  };
}

function budgetSection(results: Results): Section {
  return {
    title: 'Budgets',
    note:
      'What carrel is meant to keep to, of medians of this run. A factor compares two rows of one table: absolute ' +
      'times are those of the machine.',
    head: ['what', 'budget', 'found', 'kept'],
    rows: budgetsOf(results).map(({ what, budget, found, kept }) => [
      what,
      budget,
      found,
      kept === undefined ? '' : kept ? 'yes' : 'no',
    ]),
  };
}

function besideSection({ growth }: Results): Section {
  const none = (name: string): Summary | undefined =>
    growth?.starts.find((one) => one.name === name && one.idle === 0)?.totalNs;
  return {
    title: 'Beside containers that run already',
    note:
      'One Node process holds so many idle containers of carrel, and starts the next command, each after a rest of ' +
      '5 ms. The kernel forks, and ends, more slowly beside many processes, whatever started them: that is the ' +
      'growth of `child_process.spawn`.',
    head: ['what', 'idle', 'median ms', 'p10–p90 ms', '× beside none', 'blocked µs'],
    rows: (growth?.starts ?? []).map(({ name, idle, totalNs, blockedNs }) => [
      titleOf(name),
      String(idle),
      ...spread(totalNs, 1e6, 2),
      ratio(totalNs, none(name)),
      (blockedNs.median / 1e3).toFixed(0),
    ]),
  };
}

function nthSection({ growth }: Results): Section {
  const [first] = growth?.reached ?? [];
  return {
    title: 'The n-th idle container',
    note:
      'Each starts as soon as the one before runs, so carrel makes no spare meanwhile. The time is that from the ' +
      'call until the command runs, of the n-th and those right before it.',
    head: ['n', 'samples', 'median ms', 'p10–p90 ms', `× the ${first?.nth ?? 0}th`, 'blocked µs'],
    rows: (growth?.reached ?? []).map(({ nth, totalNs, blockedNs }) => [
      String(nth),
      String(totalNs.count),
      ...spread(totalNs, 1e6, 2),
      ratio(totalNs, first?.totalNs),
      (blockedNs.median / 1e3).toFixed(0),
    ]),
  };
}

function endingSection({ growth }: Results): Section {
  const { ending } = growth ?? {};
  return {
    title: 'The end of many',
    note:
      'One loop calls `kill()` of every container that runs. All calls together block the event loop; the longest ' +
      'turn has them, or the most ends that Node takes in at once.',
    head: ['containers', '`kill()` median µs', 'p10–p90 µs', 'all calls ms', 'longest turn ms', 'until all ended ms'],
    rows:
      ending === undefined
        ? []
        : [
            [
              String(ending.containers),
              ...spread(ending.killNs, 1e3, 0),
              ...[ending.allKillsNs, ending.longestTurnNs, ending.wholeNs].map(({ median }) =>
                (median / 1e6).toFixed(0),
              ),
            ],
          ],
  };
}

function largeSection({ starts }: Results): Section {
  const large = starts.filter(({ name }) => LARGE.test(name));
  const plain = starts.filter(({ name, held, pace }) => {
    return name === 'carrel rootfs spawn' && held.kind === 'small' && pace === 'rested';
  });
  return {
    title: 'What is large',
    note:
      'The first start of a container checks and compiles its definition; what that gives is kept for the next. The ' +
      'rest of what variables cost is the kernel, which copies them into the new program, and that of layers is the ' +
      'mount of the overlay.',
    head: ['what', 'samples', 'median ms', 'p10–p90 ms', 'blocked µs', 'p10–p90 µs'],
    rows: (large.length === 0 ? [] : [...plain, ...large]).map(({ name, totalNs, blockedNs }) => [
      titleOf(name),
      String(totalNs.count),
      ...spread(totalNs, 1e6, 2),
      ...(blockedNs === undefined ? ['', ''] : spread(blockedNs, 1e3, 0)),
    ]),
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

function stayingSection({ staying }: Results): Section {
  return {
    title: 'Containers that stay, and do nothing',
    note: 'PSS of supervisors, inits and servers, and what they take of a processor.',
    head: ['containers', 'KB a container', 'files were used: KB', 'processor ms in a second, all'],
    rows:
      staying === undefined
        ? []
        : [
            [
              String(staying.containers),
              (staying.idleBytes / 1024 / staying.containers).toFixed(0),
              (staying.filesBytes / 1024 / staying.containers).toFixed(0),
              staying.busyMs.toFixed(0),
            ],
          ],
  };
}

function pooledSection({ pooled }: Results): Section {
  return {
    title: 'Containers that are ready in a pool',
    note: 'PSS of supervisors, inits and who waits, and what they take of a processor.',
    head: ['containers', 'KB a container', 'processor ms in a second, all'],
    rows:
      pooled === undefined
        ? []
        : [
            [
              String(pooled.containers),
              (pooled.idleBytes / 1024 / pooled.containers).toFixed(0),
              pooled.busyMs.toFixed(0),
            ],
          ],
  };
}

function doorsSection({ doors }: Results): Section {
  const second = (bytes: number, ms: number): string => `${((bytes / 2 ** 20 / ms) * 1000).toFixed(0)} MiB/s`;
  return {
    title: 'Files and ports of a container that stays',
    note: 'From Node, on all processors; one run each; copies in turns, the best of five.',
    head: ['what', 'carrel', 'without a container'],
    rows:
      doors === undefined
        ? []
        : [
            ['`readFile` of 4 KB, one by one', perSecond(doors.reads.perSecond), perSecond(doors.nodeReads.perSecond)],
            ['the same, 32 in flight', perSecond(doors.reads.inFlight), perSecond(doors.nodeReads.inFlight)],
            [
              'one file, `copyIn` beside `cp`',
              second(doors.copyBytes, doors.copyInMs),
              second(doors.copyBytes, doors.cpMs),
            ],
            [
              'one file, `copyOut` beside `cp`',
              second(doors.copyBytes, doors.copyOutMs),
              second(doors.copyBytes, doors.cpMs),
            ],
            ['a port, beside loopback', second(doors.bytes, doors.portMs), second(doors.bytes, doors.loopbackMs)],
          ],
  };
}

function perSecond(count: number): string {
  return `${count.toFixed(0)} a second`;
}

function outputSection({ outputs }: Results): Section {
  return {
    title: 'Standard output',
    note:
      '`head -c` sends /dev/zero to a `data` listener in Node, on all processors; `run()` collects it, as a Buffer ' +
      'or as a text.',
    head: ['what', 'MiB', 'MiB/s median', 'p10–p90'],
    rows: outputs.map(({ name, bytes, bytesPerSecond }) => [
      OUTPUTS[name] ?? name,
      (bytes / 2 ** 20).toFixed(0),
      ...spread(bytesPerSecond, 2 ** 20, 0),
    ]),
  };
}

function filterSection({ filters }: Results): Section {
  const none = filters.find(({ name }) => name === 'none');
  const more = (of: Summary, to: Summary | undefined): string =>
    to === undefined ? '' : (of.median - to.median).toFixed(1);
  return {
    title: 'A system call below a filter',
    note:
      'A C program loads a filter, and makes one call over and over. The kernel remembers which numbers a filter ' +
      'lets through, whatever the arguments (`getppid`); for others it runs the filter (`personality`).',
    head: ['filter', 'instructions', 'load µs', '`getppid` ns', 'more', '`personality` ns', 'more'],
    rows: filters.map(({ name, instructions, loadNs, allowedNs, comparedNs }) => [
      FILTERS[name] ?? name,
      instructions === 0 ? '' : String(instructions),
      instructions === 0 ? '' : (loadNs.median / 1e3).toFixed(0),
      allowedNs.median.toFixed(1),
      more(allowedNs, none?.allowedNs),
      comparedNs.median.toFixed(1),
      more(comparedNs, none?.comparedNs),
    ]),
  };
}

function openSection({ opens = [] }: Results): Section {
  const none = opens.find(({ name }) => name === 'none');
  const cells = (of: Summary, to: Summary | undefined): readonly string[] => [
    of.median.toFixed(0),
    to === of ? '' : ratio(of, to),
  ];
  return {
    title: 'Opening a file below a policy of Landlock',
    note:
      'A C program in a container opens and closes a file of `/`, and one that lies seven directories below. ' +
      'Landlock looks at each directory above a file.',
    head: ['policy', '`/file` ns', '× none', '`/a/b/c/d/e/f/g/file` ns', '× none'],
    rows: opens.map(({ name, shallowNs, deepNs }) => [
      name === 'none' ? 'none' : "`landlock({ read: '/', execute: '/', write: '/tmp' })`",
      ...cells(shallowNs, none?.shallowNs),
      ...cells(deepNs, none?.deepNs),
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

function loadingSection({ loading }: Results): Section {
  return {
    title: 'Loading carrel',
    note:
      'Each row is a Node process from its start to its end, beside one that runs an empty file of the same kind. ' +
      'The first container loads what compiles plans and starts the launcher; importing does not.',
    head: ['what', 'samples', 'median ms', 'p10–p90 ms', '× an empty file'],
    rows: loading.map(({ what, totalNs, emptyNs }) => [
      what,
      String(totalNs.count),
      ...spread(totalNs, 1e6, 1),
      ratio(totalNs, emptyNs),
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
