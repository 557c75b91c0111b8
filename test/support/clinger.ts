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

/** For a container, in which it is {@link CLINGER}. */
export function clingerMount(): BindMount {
  return bind(directory(), '/clinger', { readonly: true });
}

export const CLINGER = '/clinger/clinger';

/**
 * Starts a command that has cleared PR_SET_PDEATHSIG, with three processes in sessions of their own, nobody's children.
 *
 * @param name What all four are called: no other test file's are.
 */
export async function scatter(like: Container, name: string): Promise<ContainerProcess> {
  const box = like.mount(bind(clingerProgram(), `/tmp/${name}`, { readonly: true }));
  const child = box.spawn(`/tmp/${name}`, ['scatter', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(child.stdout);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(line.toString(), 'scattered\n');
  assert.equal(named(name).length, 4);
  return child;
}

/** The host's numbers of the processes that are called so. */
export function named(name: string): readonly number[] {
  return [...readProcesses().values()].filter(({ comm }) => comm === name).map(({ pid }) => pid);
}

function directory(): string {
  return onceForLeg('clinger', (path) => {
    execFileSync('gcc', ['-O1', '-static', '-o', join(path, 'clinger'), SOURCE]);
    chmodSync(join(path, 'clinger'), 0o755);
  });
}
