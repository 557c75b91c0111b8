/** clinger.c, what a command does that does not want to end: compiled once for all test files of a leg. */

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BindMount, bind } from 'carrel';
import { onceForLeg } from './temporary.js';

const SOURCE = fileURLToPath(new URL('../../../test/failure/clinger.c', import.meta.url));

/** On the host; tests that use it need `gcc`. */
export function clingerProgram(): string {
  return join(directory(), 'clinger');
}

/** For a container, in which it is {@link CLINGER}. */
export function clingerMount(): BindMount {
  return bind(directory(), '/clinger', { readonly: true });
}

export const CLINGER = '/clinger/clinger';

function directory(): string {
  return onceForLeg('clinger', (path) => {
    execFileSync('gcc', ['-O1', '-static', '-o', join(path, 'clinger'), SOURCE]);
    chmodSync(join(path, 'clinger'), 0o755);
  });
}
