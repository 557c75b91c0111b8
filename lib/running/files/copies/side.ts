/** One side of a copy: a server of the container's or of the host's, which the copy has to itself. */

import type { ServedSlots } from '../../../compile/serve.js';
import type { ServedStep } from '../../../plan/steps.js';
import type { Holder } from '../servers.js';

export interface Side {
  readonly server: Holder;
  readonly slots: ServedSlots;
}

/** What the slots of a side are for: all that it can hold open. */
export function slotsOf({ slots: { held } }: Side): {
  readonly directories: readonly number[];
  /** The directory that is written to. */
  readonly root: number;
  readonly written: number;
  readonly sent: number;
  readonly read: number;
} {
  const [written, sent, read] = held.slice(-3) as [number, number, number];
  return { directories: held.slice(0, -3), root: held[0] as number, written, sent, read };
}

/** A part of the request that a step takes, beside its name and content. */
const STEP_SIZE = 128;

/** A step takes up to so many bytes of a request. */
export function sizeOf(step: ServedStep): number {
  let size = STEP_SIZE;
  for (const value of Object.values(step)) {
    if (value instanceof Uint8Array) size += value.length + 8;
    else if (typeof value === 'string') size += value.length * 3 + 8;
  }
  return size;
}

/** What steps may take together in a request, which has 256 KiB. */
export const REQUEST_ROOM: number = 240 * 1024;
