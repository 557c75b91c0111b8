/** What programs may do with files, ports and other processes, beside what their user may. */

import { LANDLOCK_FILES, LANDLOCK_PORTS, LANDLOCK_SCOPES } from '../constants.js';
import { containerPath, defaulted, filled, flags, slot, upTo } from '../fields.js';
import type { StepGroup } from './spec.js';

/** Landlock */
export const LANDLOCK_STEPS = {
  /**
   * Makes a ruleset in `slot`. Where it holds, it refuses what is named here, unless one of its rules allows it.
   * `files` and `ports` can be allowed by rules, `scopes` cannot. It holds nowhere before {@link restrictSelf}.
   *
   * @needs Landlock; `refer` Linux 5.19, `truncate` 6.2, `ports` 6.7, `ioctlDev` 6.10, `scopes` 6.12
   * @errors ENOSYS or ENOTSUP without Landlock; EINVAL or E2BIG for what this kernel cannot refuse.
   * @source landlock_create_ruleset(2), landlock(7), Linux 5.13
   */
  createRuleset: {
    column: 'container',
    fields: {
      slot: filled,
      files: defaulted(flags(LANDLOCK_FILES), []),
      ports: defaulted(flags(LANDLOCK_PORTS), []),
      scopes: defaulted(flags(LANDLOCK_SCOPES), []),
    },
  },
  /**
   * Adds a rule to the ruleset in `slot`: it allows `access` to `target`, resolved inside, and to all that is below.
   * It follows the file, not its name: links lead to it as before, and mounts show it elsewhere.
   * Of `access`, a target that is no directory gets what a file can have.
   *
   * @errors ENOENT where `target` does not exist; EINVAL for what the ruleset does not refuse.
   * @source landlock_add_rule(2), LANDLOCK_RULE_PATH_BENEATH, Linux 5.13
   */
  addPathRule: {
    column: 'container',
    fields: { slot, target: containerPath, access: flags(LANDLOCK_FILES) },
  },
  /**
   * Adds a rule to the ruleset in `slot`: it allows `access` to the TCP port `port`, of any address.
   * To bind port 0 is to get a port of the kernel's choice.
   *
   * @errors EINVAL for what the ruleset does not refuse; EAFNOSUPPORT in a kernel without TCP.
   * @source landlock_add_rule(2), LANDLOCK_RULE_NET_PORT, Linux 6.7
   */
  addPortRule: { column: 'container', fields: { slot, port: upTo(65_535), access: flags(LANDLOCK_PORTS) } },
  /**
   * Has the ruleset in `slot` hold for the child, and for all that comes of it, from now on. Nobody can take it off.
   * What is open stays open. A ruleset that refuses anything on files also refuses every mount and unmount.
   * Where rulesets hold already, each of them has to allow what is done; there are up to 16.
   *
   * @needs CAP_SYS_ADMIN over the user namespace that the child is in, or {@link noNewPrivileges} before it
   * @errors EPERM without these rights; E2BIG where 16 hold already.
   * @source landlock_restrict_self(2), Linux 5.13
   */
  restrictSelf: { column: 'container', fields: { slot } },
} as const satisfies StepGroup;
