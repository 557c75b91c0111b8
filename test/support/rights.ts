/** What the user of this leg may do on the host. */

import { readFileSync } from 'node:fs';
import { CAPABILITIES, type Capability } from '#lib/plan/constants.js';

/** Options for a test of what takes a capability that counts on the host: skipped where the user lacks it. */
export function holds(name: Capability): { readonly skip: string | false } {
  return { skip: isHeld(name) ? false : `needs a user with ${name}` };
}

/** The same for what is refused without it. */
export function lacks(name: Capability): { readonly skip: string | false } {
  return { skip: isHeld(name) ? `needs a user without ${name}` : false };
}

function isHeld(name: Capability): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const held = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(status)?.[1]}`);
  // Root of a user namespace has them all, and none of them counts on the host.
  const first = /^\s*0\s+0\s+4294967295\n$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  return first && (held & CAPABILITIES[name]) !== 0n;
}
