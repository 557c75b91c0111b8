/**
 * Starts containers that have every step between them, under filter.ts, and prints how each ended.
 *
 * `filtering.js [ERROR CALL]`. With the two it refuses the call itself, to its launcher and all that comes from it, by
 * strace.
 */

import { once } from 'node:events';
import type { ContainerProcess, StepError } from '#lib/index.js';
import { launchBy } from '#lib/launch/launcher.js';
import { STARTS, startOther } from './scenarios.js';

const [error, call] = process.argv.slice(2);

/** How a container ended, by the name of its scenario: what refused it, if something did. */
export interface Ended {
  readonly code?: string | undefined;
  readonly syscall?: string | undefined;
  readonly hint?: string | undefined;
  readonly message?: string | undefined;
  readonly end?: string | undefined;
}

if (error !== undefined && call !== undefined) {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}`];
  launchBy(['strace', '-f', '-qq', '-o', '/dev/null', ...inject], { PATH: process.env.PATH ?? '' }, (pid) => pid);
}
const ends: Record<string, Ended> = {};
const other = await startOther().catch((reason: StepError) => toldOf(reason));
for (const [name, start] of Object.entries(STARTS)) {
  const joins = start.length > 0;
  ends[name] = joins && !isProcess(other) ? other : await end(() => start(other as ContainerProcess));
}
if (isProcess(other)) {
  // A command that cannot be ended would hold all up.
  other.kill('SIGTERM');
  ends.killed = await other.result.then(({ signal }) => ({ end: `${signal}` }), toldOf);
}
console.log(JSON.stringify(ends));

function isProcess(value: ContainerProcess | Ended): value is ContainerProcess {
  return 'result' in value;
}

async function end(start: () => ContainerProcess): Promise<Ended> {
  try {
    const child = start();
    const closed = once(child, 'close').catch(() => undefined);
    const { exitCode, signal } = await child.result;
    await closed;
    return { end: `${signal ?? exitCode}` };
  } catch (reason) {
    return toldOf(reason as StepError);
  }
}

function toldOf({ code, syscall, hint, message }: Partial<StepError>): Ended {
  return { code, syscall, hint, message };
}
