/** Limits and usage of all that is in a container, and its end. */

import { COUNTERS } from '../constants.js';
import {
  boolean,
  choice,
  defaulted,
  filled,
  hostPath,
  number,
  optional,
  slot,
  slots,
  string,
  strings,
  unique,
} from '../fields.js';
import type { StepGroup } from './spec.js';

/** Cgroups */
export const CGROUP_STEPS = {
  /**
   * Makes the cgroup `base`/`name` below the directory `parent`, opens it into `slot`, and locks it until all is over.
   * Without `name` it gets one that no other cgroup has. `base` is made where it is missing.
   * Controllers in `enable` are handed down to both (cgroup v2); files in `inherit` are copied down to both (v1).
   * {@link removeCgroup} removes it; carrel may remove one that has no lock and is empty.
   *
   * @needs the right to write in `parent`
   * @source cgroups(7)
   */
  makeCgroup: {
    column: 'host',
    fields: {
      slot: filled,
      parent: string,
      base: string,
      name: unique,
      enable: defaulted(strings, []),
      inherit: defaulted(strings, []),
    },
  },
  /**
   * Opens the cgroup at `path` into `slot`, one that another supervisor has made. It must have the inode number
   * `inode`, unless that is 0: a later one of the same name is another.
   *
   * @errors ENOENT where it was removed; ESRCH for another inode number.
   * @source cgroups(7)
   */
  openCgroup: { column: 'host', fields: { slot: filled, path: hostPath, inode: defaulted(number, 0) } },
  /**
   * Makes the cgroup `name` in the one in slot `within`, opens it into `slot`, and locks it until all is over.
   * Without `name` it gets one that no other cgroup has. It has the controllers that the one above hands down; files in
   * `inherit` are copied from there (v1). {@link removeCgroup} removes it. So does the end of the one above.
   *
   * @needs {@link makeCgroup} or {@link openCgroup} before it, and the right to write in that cgroup
   * @errors ENOENT where the one above was removed.
   * @source cgroups(7)
   */
  nestCgroup: {
    column: 'host',
    fields: { slot: filled, within: slot, name: unique, inherit: defaulted(strings, []) },
  },
  /**
   * Writes `value` to `file` of the cgroup in `slot`.
   *
   * @needs {@link makeCgroup} before it
   * @source cgroups(7)
   */
  writeCgroup: { column: 'host', fields: { slot, file: string, value: string } },
  /**
   * Says how the cgroup in `slot` is frozen and thawed: by `freeze` or `thaw`, written to its `file`.
   * So, when the supervisor ends the container, nothing in it forks meanwhile, and nothing stays frozen.
   *
   * @needs {@link makeCgroup} before it
   * @source freezer-subsystem.rst
   */
  endFrozen: { column: 'host', fields: { slot, file: string, freeze: string, thaw: string } },
  /**
   * Reports `oom` when `oom_kill` in `file` of the cgroup in `slot` grows. With `end` it ends the container then.
   * `control` names the file that cgroup v1 wants an eventfd in.
   *
   * @needs {@link makeCgroup} before it
   * @source cgroup-v2.rst, "memory.events"; cgroups(7)
   */
  watchOom: {
    column: 'host',
    fields: { slot, file: string, control: optional(string), end: defaulted(boolean, true) },
  },
  /**
   * Moves the process that waits at the {@link barrier} into the cgroups in `slots`, in this order.
   * It is an act of a barrier only.
   *
   * @needs the right to write to cgroup.procs there, and in the cgroup above the old place and the new one
   * @source cgroups(7)
   */
  enterCgroup: { column: 'host', fields: { slots } },
  /**
   * Ends the container when the CPU time of the cgroup in `slot` reaches `milliseconds`.
   * The time is the number behind `key` in `file`, divided by `divisor` to be microseconds.
   * An empty `key` means the first number there. `cpus` says how many CPUs the container can use at a time.
   *
   * @needs {@link makeCgroup} before it
   * @source cgroup-v2.rst, "cpu.stat"; cpuacct.rst
   */
  limitCpuTime: {
    column: 'host',
    fields: {
      slot,
      file: string,
      key: defaulted(string, ''),
      divisor: defaulted(number, 1),
      milliseconds: number,
      cpus: number,
    },
  },
  /**
   * Reports the sum of the numbers behind `key` in `file` of the cgroup in `slot`, divided by `divisor`.
   * It becomes `counter` in the `usage` of the result. An empty `key` means the first number there.
   * It belongs in `after`. A counter that cannot be read is not reported.
   *
   * @needs {@link makeCgroup} in `before`
   * @source cgroups(7)
   */
  readCounter: {
    column: 'host',
    fields: {
      slot,
      counter: choice(COUNTERS),
      file: string,
      key: defaulted(string, ''),
      divisor: defaulted(number, 1),
    },
  },
  /**
   * Ends what is in the cgroup in `slot`, and removes it, with the cgroups in it whose supervisors were killed. It also
   * removes its base, unless another cgroup is there. It belongs in `after`.
   *
   * @needs {@link makeCgroup} or {@link nestCgroup} before it
   * @source cgroups(7)
   */
  removeCgroup: { column: 'host', fields: { slot } },
} as const satisfies StepGroup;
