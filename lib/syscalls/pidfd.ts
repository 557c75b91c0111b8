/** Processes by descriptor: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */

import { integer, signalNumber } from '../definition/checks.js';
import { systemCall } from '../launch/native.js';
import { bitsOf, checkDescriptor, PID_MOST } from './arguments.js';

/** The numbers are `PIDFD_*` of linux/pidfd.h. */
const PIDFD_FLAGS = { nonblock: 0o4000, thread: 0o200 } as const satisfies Readonly<Record<PidfdFlag, number>>;

/**
 * A flag of {@link pidfdOpen}: `PIDFD_…` in lower case. `nonblock` (Linux 5.10) makes waitid(2) on it not wait;
 * `thread` (Linux 6.9) means one thread, by its id, instead of a process.
 */
export type PidfdFlag = 'nonblock' | 'thread';

/**
 * Opens a process: the descriptor, close-on-exec, means this process for good, while its number may come to mean
 * another. Between learning the number and opening it, that can have happened: it is safe for a child that has not been
 * reaped, such as one whose `exit` event has not come.
 *
 * **Threads:** the number is looked up in the pid namespace of the process, which is the same for all its threads. The
 * descriptor is the process's.
 *
 * @throws `ESRCH` where there is none; `EINVAL`, of newer kernels `ENOENT`, for the id of a thread that leads no
 *   process, without `thread`. pidfd_open(2), Linux 5.3
 */
export function pidfdOpen(pid: number, flags: readonly PidfdFlag[] = []): number {
  const number = integer('pid', pid, 1, PID_MOST);
  const bits = bitsOf('flags', flags, PIDFD_FLAGS);
  return systemCall((calls) => calls.pidfdOpen(number, bits));
}

/**
 * Sends a signal to a process, by its name or number, 1 to 64; `0` sends none, and asks whether it could.
 *
 * **Threads:** the calling thread's credentials decide, and they may differ from the process's after {@link setresuid}
 * or {@link capset}. The signal is for the process: any of its threads may take it.
 *
 * @throws `ESRCH` once it has been reaped; a zombie takes signals without effect; `EPERM`; `EINVAL` from a pid
 *   namespace that does not see it; `EBADF`. pidfd_send_signal(2), Linux 5.1
 */
export function pidfdSendSignal(pidfd: number, signal: NodeJS.Signals | number): void {
  const fd = checkDescriptor('pidfd', pidfd);
  const number = signal === 0 ? 0 : signalNumber('signal', signal);
  systemCall((calls) => calls.pidfdSendSignal(fd, number));
}

/**
 * Duplicates a descriptor of another process into this one, close-on-exec. Both then share position and status flags,
 * as after dup(2).
 *
 * **Threads:** the calling thread's credentials decide. It is the descriptor table of the thread that the pidfd stands
 * for: of a process, its first thread.
 *
 * @throws `EBADF` where that process has no such descriptor; `EPERM` where it must not be traced (ptrace(2)); `ESRCH`.
 *   pidfd_getfd(2), Linux 5.6
 */
export function pidfdGetfd(pidfd: number, descriptor: number): number {
  const fd = checkDescriptor('pidfd', pidfd);
  const target = checkDescriptor('descriptor', descriptor);
  return systemCall((calls) => calls.pidfdGetfd(fd, target));
}
