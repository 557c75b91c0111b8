/**
 * A place to measure in: one processor, because wandering between processors is most of the noise; for root, mounts of
 * the bench's own.
 */

import { spawn, spawnSync } from 'node:child_process';

const PROCESSOR = '1';
const MARK = 'CARREL_BENCH_PLACE';

/**
 * Runs this program again in such a place, as far as that is possible, and takes over its exit code; what the program
 * starts inherits it.
 *
 * @returns Whether the caller is the one to go on, and then on what.
 */
export async function enter({ pinned }: { readonly pinned: boolean }): Promise<string | undefined> {
  const mark = process.env[MARK];
  if (mark !== undefined) return mark;
  const pin = ['taskset', '--cpu-list', PROCESSOR];
  const unshare = ['unshare', '--mount', '--propagation', 'private'];
  const place = [...(pinned && works(pin) ? pin : []), ...(process.getuid?.() === 0 && works(unshare) ? unshare : [])];
  const name =
    place[0] === 'taskset' ? `processor ${PROCESSOR}` : pinned ? 'all processors, not pinned' : 'all processors';
  const [file = '', ...args] = [...place, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, [MARK]: name } });
  // Ctrl-C reaches the other process by itself; this one waits for it either way.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  return undefined;
}

function works(place: readonly string[]): boolean {
  const [file = '', ...args] = place;
  return spawnSync(file, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}
