/**
 * Ubuntu 24.04: AppArmor lets an ordinary user make a user namespace, and takes every capability inside.
 *
 * Sources: Ubuntu's release notes and security documentation, "unprivileged user namespace restrictions"; the profile
 * unprivileged_userns of its package apparmor, which denies `capability`.
 */

import { user } from '../support/hosts.js';
import { type DescribedHost, firstRefused } from '../support/observed.js';

const EPERM = (syscall: string) => ({ syscall, code: 'EPERM' }) as const;

export const ubuntu: DescribedHost = {
  source: 'ubuntu-24.04.ts',
  system: 'linux 6.8.0-31-generic on x64, Node.js 22.0.0',
  host: { ...user, kernel: [6, 8], landlock: { version: 4 } },
  surroundings: { filtered: false, noNewPrivileges: false },
  settings: { 'kernel.apparmor_restrict_unprivileged_userns': '1', 'kernel.ostype': 'Linux' },
  refuses: (plan) =>
    plan.clone.includes('user')
      ? firstRefused(plan, {
          propagation: EPERM('mount_setattr'),
          unshare: EPERM('unshare'),
          setns: EPERM('setns'),
          setHostname: EPERM('sethostname'),
          linkUp: EPERM('ioctl'),
          setCapabilities: EPERM('prctl'),
        })
      : undefined,
};
