/** What the command's process gets, and what is taken from it. */

import { CAPABILITIES, RESOURCES, SECCOMP_FLAGS } from '../constants.js';
import {
  bytes,
  choice,
  containerPath,
  defaulted,
  filled,
  flags,
  integer,
  number,
  numbers,
  optional,
  slot,
  strings,
} from '../fields.js';
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
   * Ends what a child without a pid namespace of its own has started, when it has ended itself.
   * The supervisor ends each process in the cgroup namespace in `namespace`, for up to a second.
   * It goes on until the listener in `listener` tells that nobody is left under its filter.
   * The child fills both slots. Where `listener` stays empty, `degraded` of the result says so.
   *
   * @needs rights to look at and to signal these processes, and a /proc that shows them
   * @source cgroup_namespaces(7); POLLHUP in seccomp_unotify(2), Linux 5.9
   */
  endDescendants: { column: 'host', fields: { namespace: slot, listener: slot } },
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
  /**
   * Loads `filter`, a program of classic BPF, which decides on each system call of the child from now on.
   * All that comes of the child inherits it, and nobody can take it off. An instruction has eight bytes, a program 4096
   * instructions at most. The ending has to get through it.
   * With `slot`, the filter's listener is opened there. A filter around the child may have one already: then the slot
   * stays empty. Programs inside that want a listener get EBUSY.
   *
   * @needs CAP_SYS_ADMIN over the user namespace that the child is in, or {@link noNewPrivileges} before it
   * @errors EINVAL for a program that the kernel does not take; EACCES without these rights.
   * @source seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER, Linux 5.0
   */
  seccomp: {
    column: 'container',
    fields: { filter: bytes, flags: defaulted(flags(SECCOMP_FLAGS), []), slot: optional(filled) },
  },
  /**
   * Loads `reported`, a filter as that of {@link seccomp}, and gives its listener to the supervisor, into `slot`. Where
   * it returns SECCOMP_RET_USER_NOTIF, a call waits for the supervisor: it tells Node of the call, and answers with the
   * error that `filter` returns for it, never with anything else. Of `paths` and `addresses` every two numbers are a
   * call's and that of an argument: a path, or an address whose length is the next argument. These are told too.
   * Programs inside that want a listener get EBUSY. A call that the supervisor does not live to answer gets ENOSYS.
   *
   * @needs what {@link seccomp} needs, and no filter around the child that has a listener
   * @errors EBUSY where there is one; EINVAL for a `filter` of instructions other than those that carrel compiles.
   * @source seccomp_unotify(2), Linux 5.5
   */
  seccompReport: {
    column: 'container',
    untried: true,
    fields: {
      filter: bytes,
      reported: bytes,
      flags: defaulted(flags(SECCOMP_FLAGS), []),
      slot: filled,
      paths: defaulted(numbers, []),
      addresses: defaulted(numbers, []),
    },
  },
} as const satisfies StepGroup;
