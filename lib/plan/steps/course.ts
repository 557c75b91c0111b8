/** How a plan goes: where it waits, what it leaves out, where it divides, and how it ends. */

import {
  attempts,
  boolean,
  defaulted,
  descriptors,
  firstOf,
  numbers,
  optional,
  slot,
  slots,
  steps,
  string,
  strings,
  upTo,
} from '../fields.js';
import type { StepGroup } from './spec.js';

/** The course of a plan */
export const COURSE_STEPS = {
  /**
   * Holds the child while the supervisor performs `acts` on the host.
   * With `hook` it also holds the child until JavaScript of the caller's is done.
   *
   * @needs nothing
   */
  barrier: {
    column: 'container',
    untried: true,
    fields: { acts: defaulted(steps, []), hook: defaulted(boolean, false) },
  },
  /**
   * Does nothing. It says in the plan that `what` is left out of the container, and for which `reason`.
   *
   * @needs nothing
   */
  omit: { column: 'container', fields: { what: string, reason: string } },
  /**
   * Tries `attempts`, one after the other, in a process of its own. One of them must be refused, by an error number in
   * `errnos` unless that is empty. So a plan says what it relies on, and ends where that does not hold.
   * What the attempts change outside of that process stays. They cannot hold a barrier, init, an ending, or this step.
   *
   * @needs nothing
   * @errors ECANCELED where all were done; else what has refused one, where `errnos` does not list that.
   */
  assertRefused: { column: 'container', untried: true, fields: { attempts, errnos: defaulted(numbers, []) } },
  /**
   * Forks. The parent half stays as PID 1: it reaps, forwards signals, and ends with the command.
   * The child half goes on with the plan.
   *
   * @needs a new pid namespace, to be PID 1
   * @source pid_namespaces(7)
   */
  init: { column: 'container', untried: true, fields: {} },
  /**
   * Forks into the pid namespace that the child has joined by {@link setns}, and the child ends. The new process goes
   * on with the plan, as a child of the supervisor. It has the slots of `kept`, the container's root directory, and a
   * socket by which it tells of itself. So those who are there already see nothing in it that the command has not.
   * No step behind it can name another slot, or be performed on the host.
   *
   * @needs a filter that lets it fork
   * @errors EAGAIN where the user has as many processes as it may.
   * @source clone(2) CLONE_PARENT, pid_namespaces(7), CVE-2016-9962
   */
  enter: { column: 'container', untried: true, fields: { kept: slots } },
  /**
   * Executes the first of `paths` that exists. Descriptor n of the command is the slot `stdio[n]`; every other one is
   * closed. An entry `'ignore'` is /dev/null for the first three, and no descriptor for others.
   * A plan ends with this step.
   *
   * @source execve(2)
   */
  exec: {
    column: 'container',
    ends: true,
    fields: {
      paths: firstOf('args'),
      args: strings,
      env: defaulted(strings, []),
      stdio: defaulted(descriptors, [0, 1, 2]),
    },
  },
  /**
   * Waits for the plan that goes on here: its first steps are the same, and this step stands in the place of the next.
   * Node sends it, when there is a command. Meanwhile the directory is `/`, so that no mount of the container is busy.
   * A {@link chdir} among the first steps is then done once more, since another directory may have come in the place of
   * that one.
   * A plan ends with this step.
   *
   * @needs that carrel itself performs the plan
   * @errors EACCES where the user may not search `/`.
   * @source umount(2) EBUSY
   */
  awaitPlan: { column: 'container', ends: true, fields: {} },
  /**
   * Hands Node the descriptors in `slots`, up to 9, in this order. They come with the notice that the container runs.
   * Slots that steps behind {@link init} fill are the child's own: no act of the host's can name them.
   *
   * @needs nothing
   * @source SCM_RIGHTS in unix(7)
   */
  give: { column: 'container', untried: true, fields: { slots } },
  /**
   * Ends the child, and leaves {@link init} alone as PID 1. It reaps, and goes on until it is told to end. No program
   * runs: commands enter later.
   * A plan ends with this step.
   *
   * @needs {@link init} before it
   * @errors ESRCH without it.
   * @source pid_namespaces(7)
   */
  hold: { column: 'container', ends: true, fields: {} },
  /**
   * Ends the child itself with `status`, 0 to 255. No program runs: it is for plans that only try something.
   * A plan ends with this step.
   *
   * @needs nothing
   * @source exit_group(2)
   */
  exit: { column: 'container', ends: true, fields: { status: defaulted(upTo(255), 0) } },
  /**
   * Serves: the child goes on as a server. It reads lists of steps from the socket in the slot `requests`, performs one
   * after the other, and answers there. It ends when nobody can ask any more. `own` has its own descriptors: the host's
   * /proc/self/fd, by {@link openDirectory}. It keeps these and the slots of `kept`, and closes all else.
   * With `clears` it does one thing more when nobody can ask any more: it empties the directory in that slot, one of
   * `kept`. First it waits until nobody has a lock on what a list has put into the slot `lock`, by {@link lockFile}.
   * A plan ends with this step.
   *
   * @needs nothing; with `clears`, the right to remove what is there
   * @source unix(7)
   */
  serve: {
    column: 'container',
    ends: true,
    fields: {
      requests: slot,
      own: slot,
      kept: defaulted(slots, []),
      clears: optional(slot),
      lock: optional(slot),
    },
  },
} as const satisfies StepGroup;
