/** How a command ended, and what it used. */

import { constants } from 'node:os';
import type { Frame } from './launch/channel.js';
import { ENDINGS } from './plan/wire.js';

/**
 * Why a command ended: `exited` by itself, `signaled` from elsewhere; `timeout`, `output-limit`, `aborted` and `killed` by
 * carrel: its time was up, it wrote more than `maxOutput`, the `AbortSignal` fired, `kill()` was called.
 */
export type Reason = 'exited' | 'signaled' | 'timeout' | 'output-limit' | 'aborted' | 'killed';

/** What the command and its waited-for children used, as wait4(2) tells it. */
export interface Usage {
  /** Wall-clock time from right before the clone to the end, in milliseconds, by the supervisor's clock. */
  readonly wallMs: number;
  /** CPU time in user mode, in milliseconds. */
  readonly userMs: number;
  /** CPU time in the kernel, in milliseconds; the container's set-up is part of it. */
  readonly systemMs: number;
  /** The largest resident set of any one process, in bytes. */
  readonly maxRssBytes: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Blocks of 512 bytes read from and written to storage. */
  readonly blocksIn: number;
  readonly blocksOut: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/** How a command ended. A non-zero exit code is a result, not an error. */
export interface ExitStatus {
  /** Exit code 0. */
  readonly ok: boolean;
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly reason: Reason;
  readonly usage: Usage;
}

/** Reads an `exited` frame. `asked` is why carrel itself ended the command, if it did. */
export function exitStatus(frame: Frame, asked: Reason | undefined): ExitStatus {
  const status = frame.waitStatus;
  const signal = status & 0x7f;
  const exitCode = signal === 0 ? (status >> 8) & 0xff : null;
  return Object.freeze({
    ok: exitCode === 0,
    exitCode,
    signal: signal === 0 ? null : signalName(signal),
    reason: reason(frame, signal, asked),
    usage: Object.freeze({
      wallMs: frame.wallNs / 1e6,
      userMs: frame.userUs / 1e3,
      systemMs: frame.systemUs / 1e3,
      maxRssBytes: frame.maxRssKb * 1024,
      minorFaults: frame.minorFaults,
      majorFaults: frame.majorFaults,
      blocksIn: frame.blocksIn,
      blocksOut: frame.blocksOut,
      voluntarySwitches: frame.voluntarySwitches,
      involuntarySwitches: frame.involuntarySwitches,
    }),
  });
}

function reason(frame: Frame, signal: number, asked: Reason | undefined): Reason {
  // However it ended then: it may have caught the signal, and ended in its own way.
  if (frame.ending === ENDINGS.timeout) return 'timeout';
  if (asked !== undefined && signal !== 0) return asked;
  return signal === 0 ? 'exited' : 'signaled';
}

/** The status of a command whose supervisor was killed: the kernel ended it by SIGKILL, and nothing was counted. */
export function lostStatus(): ExitStatus {
  const nothing = {
    wallNs: 0,
    userUs: 0,
    systemUs: 0,
    maxRssKb: 0,
    minorFaults: 0,
    majorFaults: 0,
    blocksIn: 0,
    blocksOut: 0,
  };
  const frame = { ...nothing, voluntarySwitches: 0, involuntarySwitches: 0, ending: ENDINGS.none, waitStatus: 9 };
  return exitStatus(frame as unknown as Frame, undefined);
}

function signalName(number: number): NodeJS.Signals {
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  return (known?.[0] ?? `SIGRT${number}`) as NodeJS.Signals;
}
