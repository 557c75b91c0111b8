/** What a row of the hint table is. */

import type { Step } from '../../plan/steps.js';
import type { Refusal } from '../refusal.js';

/** What else must be so for a hint to fit: in words, for the documentation, and as a test. */
export interface Condition {
  readonly words: string;
  readonly holds: (refusal: Refusal) => boolean;
}

/** One row. All of it but `holds` is plain data: documentation is made from it. */
export interface Hint {
  /** The step that was refused; `clone` is the clone itself, `any` is any step and the clone. */
  readonly op: Step['op'] | 'clone' | 'any';
  readonly error: string;
  /** Only where this system call was refused. Default: any. */
  readonly syscall?: string;
  readonly when?: Condition;
  /** `{path}` stands for the path of the refused step, `{syscall}` for the call, any other name in braces for the step's field of that name. */
  readonly text: string;
}
