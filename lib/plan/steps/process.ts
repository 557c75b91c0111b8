/** What the command's process gets, and what is taken from it. */

import { CAPABILITIES, RESOURCES } from '../constants.js';
import { choice, containerPath, defaulted, flags, integer, number, numbers, optional, strings } from '../fields.js';
import type { StepGroup } from './spec.js';

const capabilities = flags(CAPABILITIES);

/** The process */
export const PROCESS_STEPS = {
  /**
   * Limits `resource`: as an act of a barrier for the child and all that comes of it, as a step of the child for
   * itself. A `soft` or `hard` limit that is left out is none.
   *
   * @needs CAP_SYS_RESOURCE in the first user namespace to raise a hard limit, so do that on the host
   * @source prlimit(2)
   */
  setRlimit: {
    column: 'both',
    fields: { resource: choice(RESOURCES), soft: optional(number), hard: optional(number) },
  },
  /**
   * Sets the nice value of the child, −20 to 19. It is an act of a barrier.
   *
   * @needs CAP_SYS_NICE, or RLIMIT_NICE, to lower it
   * @source setpriority(2)
   */
  setPriority: { column: 'host', fields: { nice: integer } },
  /**
   * Writes the child's /proc/PID/oom_score_adj, −1000 to 1000. It is an act of a barrier.
   * The kernel kills the process with the highest score first where memory is short.
   *
   * @needs CAP_SYS_RESOURCE to lower it
   * @source proc(5)
   */
  setOomScoreAdj: { column: 'host', fields: { adjustment: integer } },
  /**
   * Sets the CPUs that the child may run on. Each is below 8192.
   *
   * @needs nothing
   * @errors EINVAL, unless the child may then run on exactly these.
   * @source sched_setaffinity(2)
   */
  setAffinity: { column: 'container', fields: { cpus: numbers } },
  /**
   * Sets the file mode creation mask that {@link exec} gives the command. Without this step it is 0o022.
   * Until then the child's own is 0.
   *
   * @needs nothing
   * @source umask(2)
   */
  umask: { column: 'container', fields: { mask: number } },
  /**
   * Gives the child a session keyring of its own, so that the caller's keys are out of reach.
   *
   * @source keyctl(2), Linux 2.6.10
   */
  joinSessionKeyring: { column: 'container', fields: {} },
  /**
   * Changes the working directory to `target`, resolved inside, or, where that does not exist, to the first of
   * `alternatives` that does. It never goes through /proc's magic links.
   *
   * @errors Those of `target`, where none exists. One that exists and may not be entered is an error.
   * @source fchdir(2)
   */
  chdir: { column: 'container', fields: { target: containerPath, alternatives: defaulted(strings, []) } },
  /**
   * Sets all five sets of capabilities, exactly.
   *
   * @needs CAP_SETPCAP to shrink the bounding set
   * @source capabilities(7)
   */
  setCapabilities: {
    column: 'container',
    fields: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: defaulted(capabilities, []),
      ambient: defaulted(capabilities, []),
    },
  },
  /**
   * Keeps every program from gaining privileges by being executed, from now on.
   *
   * @source prctl(2) PR_SET_NO_NEW_PRIVS, Linux 3.5
   */
  noNewPrivileges: { column: 'container', fields: {} },
} as const satisfies StepGroup;
