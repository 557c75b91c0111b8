/** What a container's process tells whoever listens. */

/** The events of a {@link ContainerProcess}, as `child_process` has them. */
export interface ContainerProcessEvents {
  /** The command runs. */
  spawn: [];
  /** The kernel has killed one of its processes for want of memory: how many it has in all. It comes before `exit`. */
  oom: [kills: number];
  /** It could not be started: a {@link StepError} names the step, or the launcher failed. Nothing is left behind. */
  error: [error: Error];
  /** It has ended, and all of the container with it; streams may still hold data. */
  exit: [exitCode: number | null, signal: NodeJS.Signals | null];
  /** It has ended, and the streams are closed: read to their end, or dropped where nobody reads them. */
  close: [exitCode: number | null, signal: NodeJS.Signals | null];
}
