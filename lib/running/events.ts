/** What a container's process tells its listeners. */

import type { Connection } from './egress/connection.js';
import type { Violation } from './violation.js';

/** The events of a {@link ContainerProcess}, as `child_process` has them. */
export interface ContainerProcessEvents {
  /** The command runs. */
  spawn: [];
  /**
   * The kernel has killed processes of the container for want of memory: how many until now. It comes before `exit`,
   * and once more with the new number when more are killed, which a group kill of cgroup v2 may do one by one.
   */
  oom: [kills: number];
  /**
   * The container's filter has refused a call: with `seccomp(profile, { report: true })`, the first 1,000. It comes
   * before `exit`.
   */
  violation: [violation: Violation];
  /**
   * It has tried to reach something outside, with `network({ allow })`. It comes when the outcome is known; the bytes
   * are counted when that connection has ended. A name that is not listed is told when it is first looked up, of up to
   * 1,000 such names.
   */
  connection: [connection: Connection];
  /** It could not be started: a {@link StepError} names the step, or the launcher failed. Nothing is left behind. */
  error: [error: Error];
  /** It has ended, and all of the container with it; streams may still hold data. */
  exit: [exitCode: number | null, signal: NodeJS.Signals | null];
  /** It has ended, and the streams are closed: read to their end, or dropped where nobody reads them. */
  close: [exitCode: number | null, signal: NodeJS.Signals | null];
}

/** The events of a {@link RunningContainer}. */
export interface RunningContainerEvents {
  /** The kernel has killed processes of the container for want of memory: how many until now. */
  oom: [kills: number];
  /** The container's filter has refused a call of the main command, as {@link ContainerProcessEvents} has it. */
  violation: [violation: Violation];
  /** Somebody in it has tried to reach something outside, as {@link ContainerProcessEvents} has it. */
  connection: [connection: Connection];
  /** All of it has ended and been cleaned up, its commands too. After it, `result` is settled. */
  exit: [exitCode: number | null, signal: NodeJS.Signals | null];
}
