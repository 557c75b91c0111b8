/** What rules of carrel's own compare of a call's arguments. */

import type { SeccompArgument } from '../definition/seccomp.js';

/** The kernel takes an int, and never sees the upper half: so a comparison leaves it out. */
export function int(index: number, value: number): SeccompArgument {
  return masked(index, 0xffffffff, value);
}

/** Those of `mask` that are in `bits`, and no others. */
export function masked(index: number, mask: number, bits: number): SeccompArgument {
  return { index, value: mask, valueTwo: bits, op: 'SCMP_CMP_MASKED_EQ' };
}
