/** attacker.c and the programs beside it, what hostile programs try: compiled once for all test files of a leg. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onceForLeg } from './temporary.js';

const PROGRAMS = ['attacker', 'neighbour', 'pid-one', 'powers'] as const;

type Program = (typeof PROGRAMS)[number];

/** The directory that they are in, alone, for binds; tests that use it need `gcc`. */
export function attackerDirectory(): string {
  return onceForLeg('attacker', (directory) => {
    for (const program of PROGRAMS) {
      const source = fileURLToPath(new URL(`../../../test/hardening/${program}.c`, import.meta.url));
      execFileSync('gcc', ['-O1', '-static', '-o', join(directory, program), source]);
      chmodSync(join(directory, program), 0o755);
    }
  });
}

export function attackerProgram(program: Program = 'attacker'): string {
  return join(attackerDirectory(), program);
}

/** What it says of each try: `done`, or the name of an error. */
export function verdicts(output: string): Readonly<Record<string, string>> {
  const lines = output.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(': ')), line.slice(line.lastIndexOf(': ') + 2)]),
  );
}

/** Runs it on the host, behind `prefix`. */
export function attack(args: readonly string[], prefix: readonly string[] = []): string {
  const [command = '', ...rest] = [...prefix, attackerProgram(), ...args];
  return execFileSync(command, rest, { encoding: 'utf8' });
}

/** Starts an attempt that goes on until its standard input ends, and waits until it has begun. */
export async function startAttack(
  args: readonly string[],
  prefix: readonly string[] = [],
  program: Program = 'attacker',
): Promise<ChildProcess> {
  const [command = '', ...rest] = [...prefix, attackerProgram(program), ...args];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'readable');
  return child;
}
