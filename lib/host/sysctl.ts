/** Settings of the kernel. */

import { readFileSync } from 'node:fs';

/** What `name` is set to, as sysctl(8) names it; `undefined` where this kernel has no such setting. */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
