/** What keeps a container from starting, or ends it, though no step of its plan was refused. */

import { inspect } from 'node:util';
import { CarrelError } from './classes.js';
import { errorName, errorText } from './numbers.js';

/** A hook has thrown. */
export function hookFailed(cause: unknown): CarrelError {
  const error = new CarrelError(
    'ERR_HOOK',
    `a hook failed: ${cause instanceof Error ? cause.message : inspect(cause)}`,
  );
  error.cause = cause;
  return error;
}

/** Where carrel cannot run at all. */
export function unsupported(reason: string): CarrelError {
  return new CarrelError('ERR_UNSUPPORTED', `carrel cannot start containers here: ${reason}`);
}

export function launcherFailed(cause: Error): CarrelError {
  const error = new CarrelError(
    'ERR_LAUNCHER',
    `carrel's launcher could not be started: ${cause.message}`,
    'it is executed from memory: /proc must be mounted, and vm.memfd_noexec must not be 2',
  );
  error.cause = cause;
  return error;
}

export function supervisorLost(): CarrelError {
  return new CarrelError(
    'ERR_SUPERVISOR_LOST',
    'the launcher or the supervisor was killed before the command ran',
    'by SIGKILL from outside, or by the kernel for want of memory, which dmesg tells; the next command gets a new one',
  );
}

export function supervisorFailed(syscall: string, errno: number): CarrelError {
  const what = `${syscall}: ${errorName(errno)}, ${errorText(errno)}`;
  return new CarrelError('ERR_SUPERVISOR', `the supervisor could not prepare for the container: ${what}`);
}

export function noIdRange(): CarrelError {
  return new CarrelError(
    'ERR_NO_ID_RANGE',
    'no range of 65,536 ids is free for another container',
    'all are in use by running containers, or reserved by /etc/subuid and /etc/subgid',
  );
}

export function planRejected(rule: number): CarrelError {
  return new CarrelError('ERR_INVALID_PLAN', `the launcher rejected the plan as malformed (plan.c, line ${rule})`);
}
