/** What a result says of an end that was not as it should be. */

export const endDegraded = {
  /** Somebody else keeps it from being reaped, and nobody may look at it. */
  guessed:
    'exitCode, signal: nobody tells how the command ended, because another process holds it and shows it to nobody; ' +
    'SIGKILL stands for it',
  /** Somebody was there when the time was up. */
  somebody: 'processes may be left: not all have ended within a second of SIGKILL; carrel goes on ending them',
  /** The kernel gives one listener to a chain of filters. */
  unasked:
    'processes may be left: none was found, but the kernel tells nobody whether all have ended, because a seccomp ' +
    'filter around carrel has a listener (EBUSY)',
} as const;

export const violationsDegraded = {
  /** More than are listed. */
  more: (count: number): string => `violations: ${count} more refused calls are not listed`,
  /** The memory that the path is in has not answered. */
  unread:
    'violations: paths and addresses are missing, because the memory of a process could not be read within a second',
} as const;

export const connectionsDegraded = {
  /** More than are listed. */
  more: (count: number): string => `connections: ${count} more attempts are not listed`,
} as const;
