/** What the table says of each step, beside its text: the comment above its row. */

import type { Field } from '../fields.js';

export interface StepSpec {
  /**
   * Who performs it: the supervisor on the `host`, the child that becomes the `container`, or `both`; or a `server`,
   * which is asked to by lists of such steps. No plan has those.
   */
  readonly column: 'host' | 'container' | 'both' | 'server';
  /** It gives bytes: the answer to its list has them. */
  readonly gives?: true;
  /** It is how a plan can end: the last step of each is one of these, and no other step is. */
  readonly ends?: true;
  /** It cannot be tried in a process of its own: it waits for others, divides the plan, or carries what is tried. */
  readonly untried?: true;
  /** In the order of the wire. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** A group of steps. The comment above it is the group's heading, and what holds for all of them. */
export type StepGroup = Readonly<Record<string, StepSpec>>;
