/** calls-inside.c: what the filters around a program say of calls, without any of them being made. */

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bind, type Container, type RunResult } from 'carrel';
import { onceForLeg } from './temporary.js';

const SOURCE = fileURLToPath(new URL('../../../test/support/calls-inside.c', import.meta.url));

function programDirectory(): string {
  return onceForLeg('calls-inside', (directory) => {
    execFileSync('gcc', ['-O1', '-static', '-o', join(directory, 'calls-inside'), SOURCE]);
    chmodSync(join(directory, 'calls-inside'), 0o755);
  });
}

/** A call: its number, and five arguments at most. */
export type Made = readonly [number: number, ...args: readonly bigint[]];

/** That it passed all filters, and would have been made. */
export const PASSED = 4001;

/** The error of each call, or that it {@link PASSED}, in a container; tests that use it need `gcc`. */
export async function errorsInside(container: Container, calls: readonly Made[]): Promise<readonly number[]> {
  return (await callsInside(container, calls)).errors;
}

/** Errors, and the end of the program that has made the calls. */
export interface CallsMade {
  readonly errors: readonly number[];
  readonly result: RunResult;
}

/** The error of each call where the container's filter has a listener: what passes it is ENOSYS. */
export function callsReported(container: Container, calls: readonly Made[]): Promise<CallsMade> {
  return callsInside(container, calls, 'without a listener');
}

async function callsInside(container: Container, calls: readonly Made[], ...args: string[]): Promise<CallsMade> {
  const lines = calls.map(([number, ...args]) =>
    [number, ...Array.from({ length: 5 }, (_, index) => args[index] ?? 0n)].map((one) => one.toString(16)).join(' '),
  );
  const result = await container
    .mount(bind(programDirectory(), '/calls', { readonly: true }))
    .run('/calls/calls-inside', args, { input: `${lines.join('\n')}\n`, check: true, timeout: 60_000 });
  return { errors: result.stdout.trimEnd().split('\n').map(Number), result };
}
