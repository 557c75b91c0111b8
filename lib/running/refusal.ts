/** What a supervisor's frame says about a refused step, as an error. */

import { type CarrelError, planRejected, type Refusal, StepError, supervisorFailed } from '../errors/errors.js';
import { readSysctl } from '../host/sysctl.js';
import type { Frame } from '../launch/channel.js';
import type { Plan } from '../plan/plan.js';
import { fieldsOf, type Step, type StepOf } from '../plan/steps.js';
import { LISTS } from '../plan/wire.js';
import { syscallName } from '../seccomp/syscalls.js';

/** The error for a `refused` frame of `plan`. */
export function refusalOf(plan: Plan, frame: Frame): CarrelError {
  const syscall = syscallName(frame.syscall);
  // Without a rule that was broken it is the supervisor's own preparations that were refused.
  if (frame.list === LISTS.check)
    return frame.detail === 0 ? supervisorFailed(syscall, frame.error) : planRejected(frame.detail);
  const message = kernelMessage(frame.message);
  const base = { syscall, errno: frame.error, message, uid: process.getuid?.() ?? 0, sysctl: readSysctl };
  const at = (list: Refusal['place']['list'], index: number, total: number, step: Step | undefined): StepError =>
    new StepError({
      ...base,
      ...about(step, frame),
      place: { list, index, total },
      ...(step === undefined ? {} : { step }),
    });
  switch (frame.list) {
    case LISTS.before:
      return at('before', frame.act, plan.before.length, plan.before[frame.act]);
    case LISTS.clone:
      return at('clone', 0, 1, undefined);
    case LISTS.acts: {
      const barrier = plan.steps[frame.index];
      const act = barrier?.op === 'barrier' ? barrier.acts[frame.act] : undefined;
      return at('acts', frame.index, plan.steps.length, act);
    }
    case LISTS.after:
      return at('after', frame.act, plan.after.length, plan.after[frame.act]);
    default:
      return at('steps', frame.index, plan.steps.length, plan.steps[frame.index]);
  }
}

/** The path that a step was about, and what only the frame knows about it. */
function about(step: Step | undefined, frame: Frame): Pick<Refusal, 'path' | 'found' | 'message'> {
  if (step === undefined) return {};
  if (step.op === 'exec') return aboutExec(step, frame);
  const path = pathOf(step, syscallName(frame.syscall));
  const helper = step.op === 'newuidmap' || step.op === 'newgidmap' ? aboutHelper(frame) : {};
  return { ...(path === undefined ? {} : { path }), ...helper };
}

/** The path that the table knows as one, where the step has it. Of the two of a bind, the one that was refused. */
function pathOf(step: Step, syscall: string): string | undefined {
  const values = step as unknown as Readonly<Record<string, string | undefined>>;
  const inOrder = (['container', 'host'] as const).flatMap((where) =>
    fieldsOf(step.op).flatMap(([name, field]) => (field.path === where ? [values[name]] : [])),
  );
  const found = inOrder.filter((path) => path !== undefined);
  return syscall === 'open_tree' ? found.at(-1) : found[0];
}

function aboutExec(step: StepOf<'exec'>, { detail }: Frame): Pick<Refusal, 'path' | 'found'> {
  const found = detail > 0 ? step.paths[detail - 1] : undefined;
  return { path: found ?? step.args[0] ?? '', found: found !== undefined };
}

/** What a helper program said, and how it ended. */
function aboutHelper({ detail, message }: Frame): { readonly message?: string } {
  // It was not executed at all: then the error number says why.
  if (detail === 0) return {};
  const signal = detail & 0x7f;
  const end = signal === 0 ? `exit status ${(detail >> 8) & 0xff}` : `signal ${signal}`;
  const said = message
    .trim()
    .split(/\s*\n\s*/)
    .filter(Boolean);
  return { message: [...(said.length === 0 ? ['it said nothing'] : said), end].join('; ') };
}

/** What the kernel says about a mount begins with its class, "e " for an error. fsopen(2) */
function kernelMessage(message: string): string {
  return message.replace(/^[ewi] /, '').trim();
}
