/** Runs the same command by carrel and by Node's own `child_process`: what holds for one has to hold for the other. */

import { spawn as spawnBare } from 'node:child_process';
import { test } from 'node:test';
import { Container, type ContainerProcess } from 'carrel';

/** What both have. */
export type EitherProcess = Pick<
  ContainerProcess,
  'stdin' | 'stdout' | 'stderr' | 'stdio' | 'exitCode' | 'signalCode' | 'kill' | 'on' | 'once' | 'ref' | 'unref'
>;
export type Spawn = (
  file: string,
  args: readonly string[],
  stdio?: readonly ('pipe' | 'ignore' | 'inherit' | number)[],
) => EitherProcess;

const box = new Container();
const STANDARD = ['pipe', 'pipe', 'pipe'] as const;

const SPAWNS: Readonly<Record<string, Spawn>> = {
  child_process: (file, args, stdio = STANDARD) =>
    spawnBare(file, [...args], { stdio: [...stdio] }) as unknown as EitherProcess,
  carrel: (file, args, stdio = STANDARD) => box.spawn(file, args, { stdio }),
};

/** A test for each of the two. */
export function testBoth(name: string, act: (spawn: Spawn) => Promise<void>): void {
  for (const [who, spawn] of Object.entries(SPAWNS)) test(`${name}: ${who}`, () => act(spawn));
}

/** What `act` observes with each of the two. */
export async function observeBoth<Seen>(act: (spawn: Spawn) => Promise<Seen>): Promise<{ carrel: Seen; bare: Seen }> {
  return { bare: await act(SPAWNS.child_process as Spawn), carrel: await act(SPAWNS.carrel as Spawn) };
}
