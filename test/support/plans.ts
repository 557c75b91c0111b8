/** Plans for tests that start nothing, and what is in them. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Command, FramedCommand, Invocation } from '#lib/compile/command.js';
import { compile } from '#lib/compile/container.js';
import type { Users } from '#lib/compile/users.js';
import type { Host } from '#lib/host/facts.js';
import { Container, type Plan, type Step } from '#lib/index.js';
import type { Op, StepOf } from '#lib/plan/steps.js';
import { root } from './hosts.js';

export const FIRST = 0x60010000;

const INVOCATION: Invocation = { file: 'ls', args: ['-la'], env: {}, timeoutMs: 0, timeoutSignal: 9 };
const FRAMED: FramedCommand = {
  stdio: ['pipe', 'ignore', 'descriptor'],
  detached: false,
  timed: false,
  hooked: false,
};

/** What a test changes of a command, whichever part of it that is in. */
export type CommandChanges = Partial<Invocation & FramedCommand>;

/** `ls -la`, but for the changes. */
export function commandWith(changes: CommandChanges = {}): Command {
  const isInvocation = ([name]: readonly [string, unknown]): boolean => name in INVOCATION;
  const entries = Object.entries(changes);
  return {
    invocation: { ...INVOCATION, ...Object.fromEntries(entries.filter(isInvocation)) },
    framed: { ...FRAMED, ...Object.fromEntries(entries.filter((entry) => !isInvocation(entry))) },
  };
}

export const plain = new Container();
export const image = plain.rootfs('/srv/box');

export function plan(box: Container, host: Host = root, changes: CommandChanges = {}, users: Users = {}): Plan {
  return compile(box.toJSON(), commandWith(changes), host, FIRST, users);
}

export function actsOf({ steps }: Plan): readonly Step[] {
  return steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
}

export function all<O extends Op>(steps: readonly Step[], op: O): readonly StepOf<O>[] {
  return steps.filter((step) => step.op === op) as unknown as readonly StepOf<O>[];
}

export function only<O extends Op>(steps: readonly Step[], op: O): StepOf<O> {
  const found = all(steps, op);
  assert.equal(found.length, 1, `${found.length} steps ${op}`);
  return found[0] as StepOf<O>;
}

export function has(made: Plan, op: Op): boolean {
  return made.steps.some((step) => step.op === op);
}

/** What is at `target` in the end: the last of its mounts. */
export function at(made: Plan, target: string): StepOf<'mount'> | StepOf<'bind'> {
  const mounts = [...all(made.steps, 'mount'), ...all(made.steps, 'bind')];
  const found = mounts
    .filter((step) => step.target === target)
    .sort((a, b) => made.steps.indexOf(a) - made.steps.indexOf(b))
    .at(-1);
  assert.ok(found !== undefined, `no mount on ${target}`);
  return found;
}

export function inOrder({ steps }: Plan, first: Op, then: Op): void {
  const last = steps.map(({ op }): Op => op).lastIndexOf(first);
  const next = steps.findIndex(({ op }) => op === then);
  assert.ok(last >= 0 && next >= 0, `${first} at ${last}, ${then} at ${next}`);
  assert.ok(last < next, `${first} comes after ${then}`);
}

/** The directories of the cgroups that a plan makes. */
export function cgroupsOf({ before }: Plan): readonly string[] {
  return before.flatMap((step) => (step.op === 'makeCgroup' ? [join(step.parent, step.base, step.name ?? '')] : []));
}
