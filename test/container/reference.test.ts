/** The C program that the bench compares with makes all calls of carrel's plan that change something, in its order. */

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import type { Step } from '#lib/plan/steps.js';
import { Reference } from '../bench/reference.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { difference, expectedCalls, onlyLooks } from '../support/calls.js';
import { useCleanHost } from '../support/host.js';
import type { Expected } from '../support/network-calls.js';
import { requires } from '../support/requires.js';
import { type Call, traceProgram } from '../support/trace.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** What changes something, from the moment the host has let the child go. */
function changes(calls: readonly Call[]): readonly Call[] {
  const parent = calls[0]?.pid;
  const pids = [...new Set(calls.map(({ pid }) => pid))].filter((pid) => pid !== parent);
  const [child, command] = [pids[0], pids.at(-1)];
  const first = calls.filter(({ pid }) => pid === child);
  const released = first.findIndex(({ name }) => name === 'read');
  const fork = first.map(({ name }) => name).lastIndexOf('clone');
  const second = calls.filter(({ pid }) => pid === command);
  const ran = second.findIndex(({ name, result }) => name === 'execve' && result === '0');
  return [...first.slice(released + 1, fork + 1), ...second.slice(0, ran + 1)].filter((call) => !onlyLooks(call));
}

/** It has nobody to tell that the command runs. */
function madeOf(step: Step): readonly Expected[] {
  return expectedCalls(step).filter(({ name }) => name !== 'sendmsg');
}

/** Takes from `calls` what a step is: as many as fit. */
function taken(step: Step, calls: readonly Call[]): number {
  const expected = madeOf(step);
  const target = 'target' in step ? step.target : '';
  const most = Math.min(calls.length, expected.length + 10);
  for (let count = most; count >= 0; count -= 1)
    if (difference(expected, calls.slice(0, count), target) === undefined) return count;
  const seen = calls.slice(0, 5).map(({ name, args }) => `${name}(${args.slice(0, 100)})`);
  return assert.fail(`${step.op} ${target}: ${expected.map(({ name }) => name)}; the program: ${seen.join('; ')}`);
}

suite('the reference program', requires('strace', 'gcc', 'busybox'), () => {
  const directory = mkdtempSync(join(tmpdir(), 'reference-'));
  const reference = Reference.compile(freshBusyboxRoot(), directory);
  assert.ok(reference instanceof Reference);

  test('knows all steps of the plan', () => {
    assert.deepEqual(reference.missing, []);
  });

  // An ordinary user's strace cannot read the arguments of what may not be traced. ptrace(2)
  test('makes the calls of each step, in the order of the plan, and no others', requires('some-root'), () => {
    let calls = changes(traceProgram(reference.command(1)));
    for (const step of reference.plan.steps) calls = calls.slice(taken(step, calls));
    assert.deepEqual(calls, []);
  });

  test('prints a time for each container', async () => {
    assert.equal((await reference.measure(3)).length, 3);
  });
});
