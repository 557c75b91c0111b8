/** How a plan goes: where it waits, what it leaves out, where it divides, and how it ends. */

import { boolean, defaulted, firstOf, slots, steps, string, strings, upTo } from '../fields.js';
import type { StepGroup } from './spec.js';

/** The course of a plan */
export const COURSE_STEPS = {
  /**
   * Holds the child while the supervisor performs `acts` on the host.
   * With `hook` it also holds the child until JavaScript of the caller's is done.
   *
   * @needs nothing
   */
  barrier: { column: 'container', fields: { acts: defaulted(steps, []), hook: defaulted(boolean, false) } },
  /**
   * Does nothing. It says in the plan that `what` is left out of the container, and for which `reason`.
   *
   * @needs nothing
   */
  omit: { column: 'container', fields: { what: string, reason: string } },
  /**
   * Forks. The parent half stays as PID 1: it reaps, forwards signals, and ends with the command.
   * The child half goes on with the plan.
   *
   * @needs a new pid namespace, to be PID 1
   * @source pid_namespaces(7)
   */
  init: { column: 'container', fields: {} },
  /**
   * Executes the first of `paths` that exists. Descriptor n of the command is the slot `stdio[n]`; every other one is
   * closed. A plan ends with this step.
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
      stdio: defaulted(slots, [0, 1, 2]),
    },
  },
  /**
   * Ends the child itself with `status`, 0 to 255. No program runs: it is for plans that only try something.
   * A plan ends with this step.
   *
   * @needs nothing
   * @source exit_group(2)
   */
  exit: { column: 'container', ends: true, fields: { status: defaulted(upTo(255), 0) } },
} as const satisfies StepGroup;
