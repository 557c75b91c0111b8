/** What security modules of the host, beside Landlock, are told of the command. */

import { LABEL_MODULES } from '../constants.js';
import { choice, string } from '../fields.js';
import type { StepGroup } from './spec.js';

/** Labels */
export const LABEL_STEPS = {
  /**
   * Asks the security module `module` to give `label` to what the child executes: an AppArmor profile, or an SELinux
   * context. It holds from {@link exec} on, for the command and for all that comes of it, as the host's policy says.
   * It is asked by /proc: the one that stands there has to be a real one, whose root it shows, without links.
   *
   * @needs AppArmor or SELinux, and a policy that lets the caller change to `label`
   * @errors ENOENT for a profile that is not loaded; EINVAL for a context that the policy does not have, without the
   *   module, and where /proc is something else; EACCES where the policy does not allow the change.
   * @source `exec` in proc_pid_attr(5); attr/apparmor since Linux 5.8
   */
  setExecLabel: { column: 'container', fields: { module: choice(LABEL_MODULES), label: string } },
} as const satisfies StepGroup;
