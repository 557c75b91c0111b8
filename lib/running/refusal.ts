/** What a supervisor tells of a plan that could not be performed, as an error. */

import { type CarrelError, planRejected, type StepError, supervisorFailed } from '../errors/errors.js';
import type { Refusal } from '../errors/refusal.js';
import { stepRefused } from '../errors/step-refused.js';
import { readMounts } from '../host/mountinfo.js';
import { readSysctl } from '../host/sysctl.js';
import type { MessageOf } from '../plan/messages.js';
import type { Plan } from '../plan/plan.js';
import { fieldsOf, type Step, type StepOf } from '../plan/steps.js';
import { syscallName } from '../seccomp/syscalls.js';

type Refused = MessageOf<'refused'>;

/** The error for a notice of `plan`'s supervisor. */
export function failureOf(plan: Plan, notice: Refused | MessageOf<'rejected' | 'failed'>): CarrelError {
  switch (notice.kind) {
    case 'refused':
      return refusalOf(plan, notice);
    case 'rejected':
      return planRejected(notice.rule);
    case 'failed':
      return unprepared(syscallName(notice.syscall), notice.error);
    default:
      return notice satisfies never;
  }
}

/** A process that cannot be made is told in the same way, be it refused to the launcher or to a supervisor. */
function unprepared(syscall: string, errno: number): CarrelError {
  if (syscall !== 'clone') return supervisorFailed(syscall, errno);
  const place = { list: 'clone', index: 0, total: 1 } as const;
  return stepRefused({ syscall, errno, uid: process.getuid?.() ?? 0, sysctl: readSysctl, place });
}

function refusalOf(plan: Plan, refused: Refused): StepError {
  const { step, index, total, beside } = placeOf(plan, refused);
  return stepRefused({
    syscall: syscallName(refused.syscall),
    errno: refused.error,
    message: kernelMessage(refused.text),
    uid: process.getuid?.() ?? 0,
    sysctl: readSysctl,
    mounts: readMounts,
    ...about(step, refused, beside),
    place: { list: refused.list, index, total },
    ...(step === undefined ? {} : { step }),
  });
}

interface Place {
  readonly step: Step | undefined;
  readonly index: number;
  readonly total: number;
  /** All that is performed one after the other with it. */
  readonly beside: readonly Step[];
}

/** The step, where it stands in its list, and how many that has; of an act of a barrier, those of the barrier. */
function placeOf(plan: Plan, { list, index, act }: Refused): Place {
  switch (list) {
    case 'before':
      return { step: plan.before[act], index: act, total: plan.before.length, beside: plan.before };
    case 'clone':
      return { step: undefined, index: 0, total: 1, beside: [] };
    case 'steps':
      return { step: plan.steps[index], index, total: plan.steps.length, beside: plan.steps };
    case 'acts': {
      const barrier = plan.steps[index];
      const acts = barrier?.op === 'barrier' ? barrier.acts : [];
      return { step: acts[act], index, total: plan.steps.length, beside: acts };
    }
    case 'after':
      return { step: plan.after[act], index: act, total: plan.after.length, beside: plan.after };
    default:
      return list satisfies never;
  }
}

/** The path that a step was about, and what only the notice knows about it. */
function about(
  step: Step | undefined,
  refused: Refused,
  beside: readonly Step[],
): Pick<Refusal, 'path' | 'found' | 'message'> {
  if (step === undefined) return {};
  if (step.op === 'exec') return aboutExec(step, refused);
  const path =
    step.op === 'idmap'
      ? treeIn(step.slot, beside)
      : (alternativeOf(step, refused) ?? pathOf(step, syscallName(refused.syscall)));
  const helper = HELPED.includes(step.op) ? aboutHelper(refused) : {};
  return { ...(path === undefined ? {} : { path }), ...helper };
}

/** The path that the table knows as one, where the step has it. Of the two of a bind, the one that was refused. */
function pathOf(step: Step, syscall: string): string | undefined {
  if (step.op === 'openTree') return sourceOf(step);
  const values = step as unknown as Readonly<Record<string, string | undefined>>;
  const inOrder = (['container', 'host'] as const).flatMap((where) =>
    fieldsOf(step.op).flatMap(([name, field]) => (field.path === where ? [values[name]] : [])),
  );
  const found = inOrder.filter((path) => path !== undefined);
  return syscall === 'open_tree' ? found.at(-1) : found[0];
}

/** Of a directory with alternatives: the one that was refused, where it is not the first. */
function alternativeOf(step: Step, { path }: Refused): string | undefined {
  return step.op === 'chdir' && path > 0 ? step.alternatives[path - 1] : undefined;
}

/** Where the tree in a slot comes from. */
function treeIn(slot: number, steps: readonly Step[]): string | undefined {
  const opened = steps.find((step) => step.op === 'openTree' && step.slot === slot);
  return opened?.op === 'openTree' ? sourceOf(opened) : undefined;
}

/** The whole path of a tree on the host. */
function sourceOf({ source, within }: StepOf<'openTree'>): string | undefined {
  if (source === undefined || within === undefined) return source;
  return source === '.' ? within : `${within === '/' ? '' : within}/${source}`;
}

function aboutExec(step: StepOf<'exec'>, { path }: Refused): Pick<Refusal, 'path' | 'found'> {
  const found = path > 0 ? step.paths[path - 1] : undefined;
  return { path: found ?? step.args[0] ?? '', found: found !== undefined };
}

/** Steps that a program of the host's performs. */
const HELPED: readonly Step['op'][] = ['newuidmap', 'newgidmap', 'connectNetwork'];

/** What a helper program said, and how it ended. */
function aboutHelper({ helperStatus, text }: Refused): { readonly message?: string } {
  // It was not executed at all: then the error number says why.
  if (helperStatus === 0) return {};
  const signal = helperStatus & 0x7f;
  const end = signal === 0 ? `exit status ${(helperStatus >> 8) & 0xff}` : `signal ${signal}`;
  const said = text
    .trim()
    .split(/\s*\n\s*/)
    .filter(Boolean);
  return { message: [...(said.length === 0 ? ['it said nothing'] : said), end].join('; ') };
}

/** What the kernel says about a mount begins with its class, "e " for an error. fsopen(2) */
function kernelMessage(message: string): string {
  return message.replace(/^[ewi] /, '').trim();
}
