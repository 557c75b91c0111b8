/** Descriptors that a test has opened. */

import { closeSync } from 'node:fs';

/** Does something with a descriptor, and closes it. */
export function using(descriptor: number, act: (descriptor: number) => void): void {
  try {
    act(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
