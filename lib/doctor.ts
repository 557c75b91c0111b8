/** What this machine has of what containers need. */

import { probe } from './host/probe.js';
import { native } from './launch/native.js';

/**
 * Whether carrel can work here at all: Linux on x64 or arm64, `/proc` mounted, and the native module loads. It never throws, on any
 * system. Whether this user may start a certain container, only its start tells, by an error that names the refused step.
 */
export function isSupported(): boolean {
  try {
    probe();
    native();
    return true;
  } catch {
    return false;
  }
}
