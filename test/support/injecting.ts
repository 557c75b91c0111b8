/** Has single system calls of a process refused, by strace; tests that use it need root and `strace`. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Has `call` refused by `error` to a process, as often as `when` says; resolves when that begins, to what ends it.
 * strace(1), "Tampering"
 */
export async function inject(
  pid: number,
  call: string,
  { error, when }: { readonly error: string; readonly when: string },
): Promise<() => Promise<void>> {
  const args = ['-p', String(pid), '-o', '/dev/null', '-e', `trace=${call}`];
  const strace = spawn('strace', [...args, '-e', `inject=${call}:error=${error}:when=${when}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [told] = (await once(strace.stderr, 'data')) as [Buffer];
  assert.match(told.toString(), /attached/);
  return async () => {
    strace.kill('SIGINT');
    await once(strace, 'close');
  };
}
