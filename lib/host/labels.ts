/** Which security modules the kernel has that give a program a label when it is executed. */

import { existsSync, readFileSync } from 'node:fs';
import type { LabelFacts } from './facts.js';

let facts: LabelFacts | undefined;

/** Asked once: it stays the same until the machine starts anew. */
export function probeLabels(): LabelFacts {
  facts ??= Object.freeze({ ...lack('apparmor', apparmorLack()), ...lack('selinux', selinuxLack()) });
  return facts;
}

function lack(module: keyof LabelFacts, reason: string | undefined): LabelFacts {
  return reason === undefined ? {} : { [module]: reason };
}

/** The file is there where the kernel was built with AppArmor, and gives EINVAL where that is switched off. */
function apparmorLack(): string | undefined {
  try {
    readFileSync('/proc/self/attr/apparmor/current');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'this kernel is built without it';
    if (code === 'EINVAL') return switchedOff('apparmor');
    // A profile around this process keeps it from reading that.
  }
  return undefined;
}

/** The kernel makes the directory where SELinux is switched on. */
function selinuxLack(): string | undefined {
  return existsSync('/sys/fs/selinux') ? undefined : `this kernel is built without it, or ${switchedOff('selinux')}`;
}

function switchedOff(module: keyof LabelFacts): string {
  return `it is switched off: the boot parameters take ${module}=1 security=${module}`;
}
