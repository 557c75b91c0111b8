/** How a command ended, and what it used. */

import { constants } from 'node:os';
import { connectionsDegraded, endDegraded, violationsDegraded } from '../errors/errors.js';
import { COUNTERS, type Counter } from '../plan/constants.js';
import type { MessageOf } from '../plan/messages.js';
import type { Connection } from './egress/connection.js';
import { milliseconds, splitCpu } from './stats.js';
import type { Violation } from './violation.js';

/**
 * Why a command ended: `exited` by itself, `signaled` from elsewhere; `oom`: the kernel has killed one of the
 * container's processes because of `limits({ memory })`, by its own count, which ends all of it; `timeout`,
 * `cpu-timeout`, `output-limit`, `aborted` and `killed` by carrel: its time or CPU time was up, it wrote more than
 * `maxOutput`, the `AbortSignal` fired, `kill()` was called. `container-ended`: the {@link RunningContainer} around the
 * command ended first. It comes with SIGKILL, or with what the command made of the container's stop signal.
 */
export type Reason =
  | 'exited'
  | 'signaled'
  | 'timeout'
  | 'cpu-timeout'
  | 'oom'
  | 'output-limit'
  | 'aborted'
  | 'killed'
  | 'container-ended';

/**
 * What was used. What is not known is `undefined`, and `degraded` says why. With `limits()` the container's cgroups
 * tell of all its processes, and of nothing else. Without, wait4(2) tells of what carrel's init has reaped, and of the
 * set-up. That is every process, however the container ended. With `init(false)`, or in a pid namespace that was
 * joined, it is the command, and the children that it has waited for.
 */
export interface Usage {
  /**
   * Wall-clock time from right before the clone to the end, in milliseconds, by the supervisor's clock. Where the
   * supervisor was killed: from the call, by Node's clock.
   */
  readonly wallMs: number;
  /**
   * CPU time of all of the container, in milliseconds: `userMs` and `systemMs` together. `cpu.stat`; cgroup v1
   * `cpuacct.usage`; else wait4(2).
   */
  readonly cpuMs: number | undefined;
  /** CPU time in user mode, in milliseconds. `cpu.stat`; cgroup v1 `cpuacct.usage_user`; else wait4(2). */
  readonly userMs: number | undefined;
  /**
   * CPU time in the kernel, in milliseconds. `cpu.stat`; cgroup v1 `cpuacct.usage_sys`; else wait4(2), with the
   * container's set-up.
   */
  readonly systemMs: number | undefined;
  /** The largest resident set of any one process, in bytes. wait4(2) */
  readonly maxRssBytes: number | undefined;
  /** Page faults that took no reading from storage. wait4(2) */
  readonly minorFaults: number | undefined;
  /** Page faults that took reading from storage. wait4(2) */
  readonly majorFaults: number | undefined;
  /** Blocks of 512 bytes read from storage. wait4(2) */
  readonly blocksIn: number | undefined;
  /** Blocks of 512 bytes written to storage. wait4(2) */
  readonly blocksOut: number | undefined;
  /** How often a process gave the CPU away, to wait for something. wait4(2) */
  readonly voluntarySwitches: number | undefined;
  /** How often a process was taken off the CPU. wait4(2) */
  readonly involuntarySwitches: number | undefined;
  /**
   * The most memory that all of the container had at a time, in bytes, page cache and files in memory included.
   * `memory.peak`, Linux 5.19; cgroup v1 `memory.max_usage_in_bytes`.
   */
  readonly peakMemoryBytes: number | undefined;
  /** The most processes and threads that there were at a time. `pids.peak`, Linux 6.1 */
  readonly peakPids: number | undefined;
  /**
   * Processes that the kernel has killed for want of memory. `memory.events` oom_kill; cgroup v1 `memory.oom_control`.
   */
  readonly oomKills: number | undefined;
  /** For how long `limits({ cpus })` has held it back, in milliseconds. `cpu.stat`; without that limit `undefined`. */
  readonly throttledMs: number | undefined;
  /**
   * Bytes read from block devices. `io.stat`; cgroup v1 `blkio.throttle.io_service_bytes_recursive`, with `limits({ io
   * })` only.
   */
  readonly readBytes: number | undefined;
  /** Bytes written to block devices. As `readBytes`; cgroup v1 does not count buffered writes. */
  readonly writtenBytes: number | undefined;
}

/** How a command ended. A non-zero exit code is a result, not an error. */
export interface ExitStatus {
  /** Exit code 0; of `run()` also: it wrote no more than `maxOutput`. */
  readonly ok: boolean;
  /** 0 to 255; `null` where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it; `null` where it exited. */
  readonly signal: NodeJS.Signals | null;
  /** Why it ended. */
  readonly reason: Reason;
  /** What it used. */
  readonly usage: Usage;
  /**
   * One sentence each: what `limits()` asked for and this host cannot do; what nobody can tell of the usage or the
   * status; that processes may be left, because they were there a second after SIGKILL. Then their supervisor stays
   * behind, holds their ids, and ends them as soon as it can; how many violations and connections are not listed.
   */
  readonly degraded: readonly string[];
  /** The first 1,000 calls that `seccomp(profile, { report: true })` has refused, in their order. Without it: none. */
  readonly violations: readonly Violation[];
  /**
   * The first 1,000 attempts to reach something by `network({ allow })`, in their order. Without it: none. A command
   * that enters a container has none of its own: they are told of the container.
   */
  readonly connections: readonly Connection[];
}

/** What there was of something, of which so many more are not listed. */
export interface Listed<Of> {
  readonly listed: readonly Of[];
  readonly more: number;
}

type Exited = MessageOf<'exited'>;

/** What is known before the end. */
export interface Known {
  /** What the plan leaves out. */
  readonly degraded?: readonly string[] | undefined;
  readonly violations?: readonly Violation[];
  readonly connections?: Listed<Connection> | undefined;
  /** There is no command: the container ends when it is told to, and `exited` is what it was told. */
  readonly holds?: boolean;
}

const NO_CONNECTIONS: Listed<Connection> = { listed: [], more: 0 };

/** What an `exited` notice says. `asked` is why carrel itself ended the command, if it did. */
export function exitStatus(
  exited: Exited,
  asked: Reason | undefined,
  { degraded = [], violations = [], connections = NO_CONNECTIONS, holds = false }: Known = {},
): ExitStatus {
  const status = holds ? heldStatus(exited, asked) : exited.waitStatus;
  const waited = exited.waited !== 0;
  const told = (number: number): number | undefined => (waited ? number : undefined);
  const signal = status & 0x7f;
  const exitCode = signal === 0 ? (status >> 8) & 0xff : null;
  return Object.freeze({
    ok: exitCode === 0,
    exitCode,
    signal: signal === 0 ? null : signalName(signal),
    reason: reason(exited, signal, asked),
    degraded: Object.freeze([
      ...degraded,
      ...untold(exited),
      ...unlisted(exited, violations.length),
      ...moreThan(connections),
    ]),
    violations: Object.freeze([...violations]),
    connections: Object.freeze([...connections.listed]),
    usage: Object.freeze({
      wallMs: exited.wallNs / 1e6,
      ...cpuOf(exited),
      maxRssBytes: told(exited.maxRssKb * 1024),
      minorFaults: told(exited.minorFaults),
      majorFaults: told(exited.majorFaults),
      blocksIn: told(exited.blocksIn),
      blocksOut: told(exited.blocksOut),
      voluntarySwitches: told(exited.voluntarySwitches),
      involuntarySwitches: told(exited.involuntarySwitches),
      peakMemoryBytes: counted(exited, 'memoryPeak'),
      peakPids: counted(exited, 'pidsPeak'),
      oomKills: counted(exited, 'oomKills'),
      throttledMs: milliseconds(counted(exited, 'throttled')),
      readBytes: counted(exited, 'ioRead'),
      writtenBytes: counted(exited, 'ioWritten'),
    }),
  });
}

/** PID 1 that holds ends by itself when it is told to end: that is well where it was asked to stop. */
function heldStatus({ waitStatus }: Exited, asked: Reason | undefined): number {
  if (asked === 'exited') return 0;
  return waitStatus === 0 ? constants.signals.SIGKILL : waitStatus;
}

/** What could not be found out, or not be done, at the end. */
function untold({ waited, guessed, left }: Exited): readonly string[] {
  return [
    ...(waited === 0 ? [NOT_WAITED] : []),
    ...(guessed === 0 ? [] : [endDegraded.guessed]),
    ...(left === 'nobody' ? [] : [endDegraded[left]]),
  ];
}

/** What the list of violations lacks. */
function unlisted({ violations, unread }: Exited, listed: number): readonly string[] {
  return [
    ...(violations > listed ? [violationsDegraded.more(violations - listed)] : []),
    ...(unread > 0 ? [violationsDegraded.unread] : []),
  ];
}

function moreThan({ more }: Listed<Connection>): readonly string[] {
  return more > 0 ? [connectionsDegraded.more(more)] : [];
}

function counted(exited: Exited, counter: Counter): number | undefined {
  return (exited.counted & COUNTERS[counter]) === 0 ? undefined : exited.counters[counter];
}

/** By the cgroup, where it has counted; else as wait4(2) has it. */
function cpuOf(exited: Exited): Pick<Usage, 'cpuMs' | 'userMs' | 'systemMs'> {
  const all = counted(exited, 'cpu');
  const { userMs, systemMs } = splitCpu(all, counted(exited, 'cpuUser'), counted(exited, 'cpuSystem'));
  if (all !== undefined && userMs !== undefined && systemMs !== undefined)
    return { cpuMs: all / 1e3, userMs, systemMs };
  if (exited.waited === 0) return { cpuMs: milliseconds(all), userMs: undefined, systemMs: undefined };
  const [user, system] = [exited.userUs / 1e3, exited.systemUs / 1e3];
  return { cpuMs: milliseconds(all) ?? user + system, userMs: user, systemMs: system };
}

function reason(exited: Exited, signal: number, asked: Reason | undefined): Reason {
  const { ending, waitStatus } = exited;
  switch (ending) {
    // However it ended then: it may have caught the signal, and ended in its own way.
    case 'timeout':
      return 'timeout';
    case 'cpuTimeout':
      return 'cpu-timeout';
    case 'oom':
      return 'oom';
    case 'none':
    case 'signal':
    case 'hangup':
      break;
    default:
      return ending satisfies never;
  }
  // By the kernel's counter, and by nothing else: a killed grandchild counts, a `kill -9` of the user's does not.
  if (asked === undefined && (counted(exited, 'oomKills') ?? 0) > 0 && waitStatus !== 0) return 'oom';
  if (asked === 'container-ended' || (asked !== undefined && signal !== 0)) return asked;
  return signal === 0 ? 'exited' : 'signaled';
}

/** What of the usage wait4(2) alone can tell. */
const WAITED = 'maxRssBytes, minorFaults, majorFaults, blocksIn, blocksOut, voluntarySwitches, involuntarySwitches';
const NOT_WAITED =
  `usage.{${WAITED}}, and the CPU time where no cgroup counts it: ` +
  'the first process of the container could not be waited for, or was killed before it had reaped all others';
const LOST = 'usage, but for wallMs: the supervisor was killed, and nobody has counted';

/** The status of a command whose supervisor was killed: the kernel ended it by SIGKILL, and nothing was counted. */
export function lostStatus(
  wallMs: number,
  { degraded = [], violations = [], connections = NO_CONNECTIONS }: Known = {},
): ExitStatus {
  return Object.freeze({
    ok: false,
    exitCode: null,
    signal: 'SIGKILL',
    reason: 'signaled',
    degraded: Object.freeze([...degraded, ...moreThan(connections), LOST]),
    violations: Object.freeze([...violations]),
    connections: Object.freeze([...connections.listed]),
    usage: Object.freeze({
      wallMs,
      cpuMs: undefined,
      userMs: undefined,
      systemMs: undefined,
      maxRssBytes: undefined,
      minorFaults: undefined,
      majorFaults: undefined,
      blocksIn: undefined,
      blocksOut: undefined,
      voluntarySwitches: undefined,
      involuntarySwitches: undefined,
      peakMemoryBytes: undefined,
      peakPids: undefined,
      oomKills: undefined,
      throttledMs: undefined,
      readBytes: undefined,
      writtenBytes: undefined,
    }),
  });
}

function signalName(number: number): NodeJS.Signals {
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  return (known?.[0] ?? `SIGRT${number}`) as NodeJS.Signals;
}
