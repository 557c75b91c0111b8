/** Has single system calls of a process refused, by strace; tests that use it need root and `strace`. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * Has `call` refused by `error` to a process, as often as `when` says; resolves when that begins, to what ends it.
 * strace(1), "Tampering"
 *
 * strace waits for a word, which it gets once this process watches its output: libuv asks epoll_ctl for that, and
 * aborts where it is refused.
 */
export async function inject(
  pid: number,
  call: string,
  { error, when }: { readonly error: string; readonly when: string },
): Promise<() => Promise<void>> {
  const args = ['-p', String(pid), '-o', '/dev/null', '-e', `trace=${call}`];
  const strace = spawn(
    'sh',
    ['-c', 'read word && exec strace "$@"', 'sh', ...args, '-e', `inject=${call}:error=${error}:when=${when}`],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  const first = once(strace.stderr, 'data');
  await turn();
  strace.stdin.write('go\n');
  const [told] = (await first) as [Buffer];
  assert.match(told.toString(), /attached/);
  return async () => {
    strace.kill('SIGINT');
    await once(strace, 'close');
  };
}
