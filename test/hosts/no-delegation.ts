/**
 * An ordinary user of a machine with systemd, in a session whose cgroup was not delegated.
 *
 * Sources: systemd's documentation of control group delegation; cgroups(7), "Cgroups delegation".
 */

import { user } from '../support/hosts.js';
import type { DescribedHost } from '../support/observed.js';

export const noDelegation: DescribedHost = {
  source: 'no-delegation.ts',
  system: 'linux 6.12.0 on x64, Node.js 22.0.0',
  host: {
    ...user,
    kernel: [6, 12],
    landlock: { version: 6 },
    cgroups: {
      hierarchies: [],
      cpus: 4,
      obstacles: ['cgroup v2: EACCES, mkdir at /sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope'],
      remedy: 'run as root; or under systemd as a user: `systemd-run --user --scope -p Delegate=yes node …`',
    },
  },
  surroundings: { filtered: false, noNewPrivileges: false },
  settings: {},
  refuses: (_, trial) => {
    if (trial?.name === 'lower nice') return { step: 'setPriority', syscall: 'setpriority', code: 'EACCES' };
    return undefined;
  },
};
