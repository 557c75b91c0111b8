/** One processor for everything that is measured: wandering between processors is most of the noise. */

import { spawn, spawnSync } from 'node:child_process';

const PROCESSOR = '1';
const MARK = 'CARREL_BENCH_PINNED';

/**
 * Runs this program again on one processor, where that is possible, and takes over its exit code; what the program starts inherits it.
 *
 * @returns Whether the caller is the one to go on, and then on what.
 */
export async function pin(): Promise<string | undefined> {
  const mark = process.env[MARK];
  if (mark !== undefined) return `processor ${mark}`;
  if (spawnSync('taskset', ['-c', PROCESSOR, 'true'], { stdio: 'ignore' }).status !== 0) return 'not pinned';
  const command = ['-c', PROCESSOR, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('taskset', command, { stdio: 'inherit', env: { ...process.env, [MARK]: PROCESSOR } });
  // Ctrl-C reaches the other process by itself; this one waits for it either way.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  return undefined;
}
