/** A refused step as an error. */

import type { Step } from '../plan/steps.js';
import { CarrelError } from './classes.js';
import { errorName } from './numbers.js';
import type { Refusal } from './refusal.js';

/**
 * The kernel refused a step of a plan. The command has not run, and nothing is left of the container. Only a step after
 * the end is another matter: the command has run, and what {@link syscall} was to undo may be left. The message names
 * it.
 */
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
  constructor({ place, step, syscall, errno, path }: Refusal, message: string, hint: string | undefined) {
    super(errorName(errno), message, hint);
    this.errno = -errno;
    this.syscall = syscall;
    this.index = place.index;
    if (path !== undefined) this.path = path;
    if (step !== undefined) this.step = step;
    if (step?.from !== undefined) this.option = step.from;
  }
}
