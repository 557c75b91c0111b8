/** A refused step as an error. */

import { describe } from '../plan/sentences.js';
import type { Step } from '../plan/steps.js';
import { CarrelError } from './classes.js';
import { hintFor } from './hints.js';
import { errorName, errorText } from './numbers.js';
import type { Refusal } from './refusal.js';

/** The kernel refused a step of a plan. The command has not run, and nothing is left of the container. */
export class StepError extends CarrelError {
  override readonly name: string = 'StepError';
  /** The kernel's error number, negative, as in Node's system errors. */
  readonly errno: number;
  /** The refused system call. */
  readonly syscall: string;
  /** The path that the step is about, if it is about one. */
  declare readonly path?: string;
  /** The step as it stands in the plan; none where the kernel refused the clone itself. */
  declare readonly step?: Step;
  /** Its place in its list of the plan, from 0; for an act, that of its barrier. */
  readonly index: number;
  /** The builder call that the step came from. */
  declare readonly option?: string;

  /** @internal */
  constructor(refusal: Refusal) {
    const { place, step, syscall, errno, path } = refusal;
    super(errorName(errno), stepMessage(refusal), hintFor(refusal));
    this.errno = -errno;
    this.syscall = syscall;
    this.index = place.index;
    if (path !== undefined) this.path = path;
    if (step !== undefined) this.step = step;
    if (step?.from !== undefined) this.option = step.from;
  }
}

function stepMessage({ place, step, errno, message, syscall }: Refusal): string {
  const what = step === undefined ? 'clone the container’s process' : shortened(describe(step));
  const said = message === undefined || message === '' ? errorText(errno) : message;
  const where = { before: 'before the clone', clone: 'at the clone', after: 'after the end', acts: '', steps: '' }[
    place.list
  ];
  const number = where === '' ? `step ${place.index + 1} of ${place.total}` : where;
  const from = step?.from === undefined ? '' : `, from ${step.from}`;
  return `${what}: ${errorName(errno)}, ${said} (${syscall}, ${number}${from})`;
}

/** Arguments and paths can have any length, and people read errors. */
function shortened(sentence: string): string {
  return sentence.length <= LONGEST ? sentence : `${sentence.slice(0, LONGEST)}… (${sentence.length} characters)`;
}

const LONGEST = 400;
