/** The mounts of the host, as far as a test file has to do with them. */

import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

/**
 * The lines of mountinfo, but for those of the test files beside this one: their temporary directories are beside its
 * own. proc_pid_mountinfo(5)
 */
export function hostMounts(): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  const isBeside = (point = ''): boolean =>
    point.startsWith(`${dirname(tmpdir())}/`) && !`${point}/`.startsWith(`${tmpdir()}/`);
  return lines.filter((line) => !isBeside(line.split(' ')[4]));
}
