/** A step that the kernel refuses is told as that step, and leaves nothing of its container behind. */

import assert from 'node:assert/strict';
import { StepError } from 'carrel';
import type { Op } from '#lib/plan/steps.js';
import { askCaller, type CallerOptions } from './caller.js';
import { assertHostUnchanged, hostSnapshot } from './host.js';

/** What is told of an error, by this Node or another one. */
export interface Told {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly option?: string;
  /** The kind of the step; `clone` where the clone itself was refused, which is no step. */
  readonly op?: Op | 'clone';
}

/** What a test expects of a refusal: these values, or texts that match. `undefined`: there is none. */
export interface Refusal {
  readonly op: Op | 'clone';
  readonly code: string | RegExp;
  readonly syscall?: string;
  readonly path?: string | RegExp;
  readonly option?: string | RegExp | undefined;
  readonly message?: RegExp;
  readonly hint?: RegExp;
}

/**
 * What opens a bind's source: root's plans open it on the host, to show its owners mapped; others bind it by its path.
 */
export const OPENS_SOURCE: Op = process.env.CARREL_TEST_LEG === 'root' ? 'openTree' : 'bind';

/** Also sent to other Nodes as text: it sees its parameter alone. */
export function tell(error: Partial<StepError>): Told {
  const { name, code, message, hint, syscall, path, option, step } = error;
  const op = step?.op ?? (name === 'StepError' ? 'clone' : undefined);
  return JSON.parse(JSON.stringify({ name, code, message, hint, syscall, path, option, op })) as Told;
}

/** The error of `run`, which must be of the step that is expected. Nothing that `run` made may be left. */
export async function rejectsAtStep(run: () => Promise<unknown>, expected: Refusal): Promise<StepError> {
  const before = hostSnapshot();
  const error = await run().then(
    () => assert.fail('it was performed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StepError, String(error));
  assertAtStep(error, expected);
  await assertHostUnchanged(before);
  return error;
}

/** How `expression`, a promise, is refused in a Node of its own; `null` where it is not. */
export function askRefusal(expression: string, options?: CallerOptions): Promise<Told | null> {
  const source = `const error = await (async () => ${expression})().then(() => null, (reason) => reason);
    console.log(JSON.stringify(error && (${tell})(error)));`;
  return askCaller<Told | null>(source, options);
}

/** Holds what was told to what is expected. */
export function assertAtStep(error: Told | Error | null | undefined, expected: Refusal): void {
  assert.ok(error, 'it was performed');
  const told = error instanceof Error ? tell(error) : error;
  assert.equal(told.name, 'StepError', told.message);
  for (const name of Object.keys(expected) as (keyof Refusal)[]) {
    const found: string | undefined = told[name];
    const wanted = expected[name];
    if (wanted instanceof RegExp) assert.match(found ?? '', wanted, `${name} of: ${told.message}`);
    else assert.equal(found, wanted, `${name} of: ${told.message}`);
  }
}
