/** What a row of the hint table is. */

import type { Step } from '../../plan/steps.js';
import type { Refusal } from '../refusal.js';

/** What else must be so for a hint to fit: in words, for the documentation, and as a test. */
export interface Condition {
  readonly words: string;
  readonly holds: (refusal: Refusal) => boolean;
}

/** One row. All of it except `holds` is plain data: the documentation follows from it. */
export interface Hint {
  /** The refused step; `clone` is the clone itself, `any` is any step and the clone. */
  readonly op: Step['op'] | 'clone' | 'any';
  readonly error: string;
  /** Fits only where the kernel refused this system call. Default: any. */
  readonly syscall?: string;
  readonly when?: Condition;
  /**
   * `{path}` stands for the path of the refused step, `{syscall}` for the call, `{unmapped}` for
   * mounts that cannot be shown mapped. Any other name in braces stands for the step's field of that name.
   */
  readonly text: string;
}
