/** What the kernel's Landlock can do. landlock(7) */

import { native } from '../launch/native.js';
import type { LandlockFacts } from './facts.js';

const OBSTACLES: Readonly<Record<string, string>> = {
  ENOSYS: 'this kernel is built without it, or a filter of system calls around this process hides it',
  ENOTSUP: 'it is switched off: the boot parameter lsm= does not list landlock',
};

let facts: LandlockFacts | undefined;

/** Asked once: it stays the same until the machine starts anew. */
export function probeLandlock(): LandlockFacts {
  facts ??= Object.freeze(ask());
  return facts;
}

function ask(): LandlockFacts {
  const version = native().landlockVersion();
  return typeof version === 'number' ? { version } : { version: 0, obstacle: OBSTACLES[version] ?? version };
}
