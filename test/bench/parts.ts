/** A part of loads.ts, measured in a process of its own. */

import { execFile, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Places } from './cases.js';
import type { Part, PartResults } from './loads.js';

/** Phases on the processor of this process, all else on all of them. What cannot be measured is skipped. */
export async function measurePart<P extends Part>(
  part: P,
  places: Places,
  short: boolean,
  skipped: string[],
): Promise<PartResults[P]> {
  const program = fileURLToPath(new URL('loads.js', import.meta.url));
  const command = [process.execPath, program, part, JSON.stringify(places), short ? 'short' : 'full'];
  const all = part === 'phases' ? [] : ['taskset', '--cpu-list', `0-${cpus().length - 1}`];
  const free = all.length > 0 && spawnSync('taskset', [...all.slice(1), 'true']).status === 0;
  const [file = '', ...args] = free ? [...all, ...command] : command;
  try {
    const { stdout } = await promisify(execFile)(file, args, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout) as PartResults[P];
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    // An ordinary user may not look at the memory of what is not dumpable. ptrace(2)
    if (!/EACCES|EPERM/.test(stderr ?? '')) throw error;
    skipped.push(`${part}: ${stderr?.match(/^.*(EACCES|EPERM).*$/m)?.[0].trim() ?? message}`);
    return [] as readonly unknown[] as PartResults[P];
  }
}
