/** What is known of a refused step: what its message and its hint are made of. */

import type { Step } from '../plan/steps.js';

/** Where in a plan a step stands. */
export interface StepPlace {
  /** The list that it is in; `clone` is the clone itself. */
  readonly list: 'before' | 'clone' | 'steps' | 'acts' | 'after';
  /** Its place in that list, from 0; for `acts`, the place of the barrier. */
  readonly index: number;
  /** How many steps that list has. */
  readonly total: number;
}

/** What is known of a refused step. */
export interface Refusal {
  readonly place: StepPlace;
  readonly step?: Step;
  readonly syscall: string;
  /** Positive. */
  readonly errno: number;
  /** What the kernel itself said about a mount. */
  readonly message?: string;
  readonly path?: string;
  readonly uid: number;
  /** Of exec: whether one of its files was there. */
  readonly found?: boolean;
  /** What a setting of the kernel is, by its name as sysctl(8) has it; `undefined` where there is none. */
  readonly sysctl?: (name: string) => string | undefined;
  /** What is mounted on the host. */
  readonly mounts?: () => readonly { readonly path: string; readonly type: string }[];
}
