/** calls-inside.c: what the filters around a program say of calls, without any of them being made. */

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bind, type Container } from 'carrel';
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
  const lines = calls.map(([number, ...args]) =>
    [number, ...Array.from({ length: 5 }, (_, index) => args[index] ?? 0n)].map((one) => one.toString(16)).join(' '),
  );
  const { stdout } = await container
    .mount(bind(programDirectory(), '/calls', { readonly: true }))
    .run('/calls/calls-inside', [], { input: `${lines.join('\n')}\n`, check: true, timeout: 60_000 });
  return stdout.trimEnd().split('\n').map(Number);
}
