/** clinger.c, what a command does that does not want to end: compiled once for all test files of a leg. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BindMount, bind, type Container, type ContainerProcess } from 'carrel';
import { readProcesses } from './processes.js';
import { onceForLeg } from './temporary.js';

const SOURCE = fileURLToPath(new URL('../../../test/failure/clinger.c', import.meta.url));

/** On the host; tests that use it need `gcc`. */
export function clingerProgram(): string {
  return join(directory(), 'clinger');
}

/** What its processes are called in containers of this test file: no other's are, nor those of another run. */
const NAME = `clinger-${process.pid}`;
/** Where a container has it. */
export const CLINGER = `/clinger/${NAME}`;

export function clingerMount(): BindMount {
  return bind(clingerProgram(), CLINGER, { readonly: true });
}

/**
 * Starts a command that has cleared PR_SET_PDEATHSIG, with three processes in sessions of their own, nobody's children.
 */
export async function scatter(like: Container): Promise<ContainerProcess> {
  const box = like.mount(clingerMount());
  const child = box.spawn(CLINGER, ['scatter', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(child.stdout);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(line.toString(), 'scattered\n');
  assert.equal(clingers().length, 4);
  return child;
}

/** The host's numbers of its processes in containers of this test file. */
export function clingers(): readonly number[] {
  return [...readProcesses().values()].filter(({ comm }) => comm === NAME).map(({ pid }) => pid);
}

function directory(): string {
  return onceForLeg('clinger', (path) => {
    execFileSync('gcc', ['-O1', '-static', '-o', join(path, 'clinger'), SOURCE]);
    chmodSync(join(path, 'clinger'), 0o755);
  });
}
