/** A command in which system calls are refused, as by an old kernel or an outer sandbox: filter.ts, carrel's own. */

import { fileURLToPath } from 'node:url';

const FILTER = fileURLToPath(new URL('./filter.js', import.meta.url));

/** What stands before the command. A filter that refuses close_range(2) refuses carrel's own exec behind it. */
export function deny(
  error: 'ENOSYS' | 'EPERM' | 'EAGAIN' | 'EOPNOTSUPP',
  ...calls: readonly string[]
): readonly string[] {
  return [process.execPath, FILTER, error, calls.join(',')];
}
