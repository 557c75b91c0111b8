/** What is mounted now. */

import { readFileSync } from 'node:fs';
import type { HostMount } from './facts.js';
import { mountsOf } from './parsers.js';

/** The mounts of this process; none where /proc does not tell. */
export function readMounts(): readonly HostMount[] {
  try {
    return mountsOf(readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return [];
  }
}
