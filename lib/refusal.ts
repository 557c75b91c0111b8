/** What a supervisor's frame says about a refused step, as an error. */

import { type CarrelError, planRejected, type Refusal, StepError, supervisorFailed } from './errors.js';
import type { Frame } from './launch/channel.js';
import type { Plan } from './plan/plan.js';
import type { Step, StepOf } from './plan/steps.js';
import { LISTS } from './plan/wire.js';
import { syscallName } from './seccomp/syscalls.js';

/** The error for a `refused` frame of `plan`. */
export function refusalOf(plan: Plan, frame: Frame): CarrelError {
  const syscall = syscallName(frame.syscall);
  // Without a rule that was broken it is the supervisor's own preparations that were refused.
  if (frame.list === LISTS.check)
    return frame.detail === 0 ? supervisorFailed(syscall, frame.error) : planRejected(frame.detail);
  const base = { syscall, errno: frame.error, message: kernelMessage(frame.message), uid: process.getuid?.() ?? 0 };
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
function about(step: Step | undefined, frame: Frame): { readonly path?: string; readonly hint?: string } {
  if (step === undefined) return {};
  if (step.op === 'exec') return aboutExec(step, frame);
  if (step.op === 'openNamespace') return { path: step.path };
  const path = 'target' in step ? step.target : 'source' in step ? step.source : undefined;
  return path === undefined ? {} : { path };
}

function aboutExec(step: StepOf<'exec'>, { detail, error }: Frame): { readonly path: string; readonly hint?: string } {
  const found = detail > 0 ? step.paths[detail - 1] : undefined;
  const path = found ?? step.args[0] ?? '';
  const ENOENT = 2;
  if (error !== ENOENT) return { path };
  if (found !== undefined)
    return { path, hint: `${found} exists, but the interpreter or loader that it names does not` };
  return step.paths.length > 1
    ? {
        path,
        hint: `no such program in ${step.paths.map((candidate) => candidate.slice(0, candidate.lastIndexOf('/'))).join(':')}`,
      }
    : { path, hint: 'no such file in the container' };
}

/** What the kernel says about a mount begins with its class, "e " for an error. fsopen(2) */
function kernelMessage(message: string): string {
  return message.replace(/^[ewi] /, '').trim();
}
