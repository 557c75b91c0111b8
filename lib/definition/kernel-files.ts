/** What of the kernel's own file systems a container sees, and what of any file is hidden from it. */

import { invalidValue } from '../errors/errors.js';
import { array, containerPath, oneOf } from './checks.js';

/** Which /proc a container has. */
export type ProcChoice = 'auto' | 'new' | 'bind' | 'none';

const CHOICES: readonly ProcChoice[] = ['auto', 'new', 'bind', 'none'];

export function checkProc(value: unknown): ProcChoice {
  return oneOf('proc', value, CHOICES) as ProcChoice;
}

export function checkMask(value: unknown, from: number): readonly string[] {
  return array('mask', value).map((path, index) => {
    const name = `mask[${from + index}]`;
    const checked = containerPath(name, path);
    if (checked === '/' || checked === '/proc' || checked === '/dev') {
      throw invalidValue(name, 'below "/", "/proc" and "/dev"', path);
    }
    return checked;
  });
}
