/** What each form of a run measures, and how often. */

import type { MemoryKind } from './measuring.js';
import type { Form } from './results.js';
import type { Pace } from './worker.js';

export interface Extent {
  /** Few samples, of which nothing can be told. */
  readonly short: boolean;
  /** Turns, samples a turn, starts before the first turn, and starts for the longest turn of the event loop. */
  readonly rounds: number;
  readonly batch: number;
  readonly warmUp: number;
  readonly late: number;
  /** Bytes that workers hold. */
  readonly sizes: readonly number[];
  /** Cases of a worker that holds little, and of one that holds much. */
  readonly small: readonly string[];
  readonly large: readonly string[];
  /** What is measured without a rest as well, and with how much held. */
  readonly unrested: readonly Unrested[];
  /** Which others; absent: all. */
  readonly peers?: readonly string[];
  /** How many containers are idle, and what starts beside them. */
  readonly levels: readonly number[];
  readonly growing: readonly string[];
}

interface Unrested {
  readonly pace: Pace;
  readonly kinds: readonly MemoryKind[];
  readonly names: readonly string[];
}

/** What budgets are about. */
const BUDGETED = [
  'carrel rootfs spawn',
  'carrel rootfs spawn pipes',
  'carrel rootfs limits spawn',
  'carrel rootfs unfiltered spawn',
  'child_process spawn',
  'child_process spawn pipes',
];
const SMALL = [
  'carrel rootfs spawn',
  'carrel rootfs spawn pipes',
  'carrel rootfs run',
  'carrel rootfs limits spawn',
  'carrel rootfs unfiltered spawn',
  'carrel rootfs landlock spawn',
  'carrel spawn',
  'carrel run',
  'carrel running spawn',
  'carrel pool run',
  'carrel running connect',
  'carrel fork spawn',
  'carrel variables first spawn',
  'carrel variables spawn',
  'carrel layer spawn',
  'carrel layers first spawn',
  'carrel layers spawn',
  'child_process spawn',
  'child_process spawn pipes',
  'child_process execFile',
];
const LARGE = ['carrel rootfs spawn', 'carrel rootfs run', 'bubblewrap', 'child_process spawn'];
const GROWING = ['carrel rootfs spawn', 'bubblewrap', 'child_process spawn'];

const UNRESTED: readonly Unrested[] = [
  { pace: 'in a row', kinds: ['small'], names: ['carrel rootfs spawn', 'bubblewrap', 'child_process spawn'] },
  { pace: 'at once', kinds: ['small', 'buffers'], names: ['carrel rootfs spawn', 'child_process spawn'] },
];

const FULL: Extent = {
  ...{ short: false, rounds: 40, batch: 5, warmUp: 30, late: 100, sizes: [100 * 2 ** 20, 2 ** 30] },
  ...{ small: SMALL, large: LARGE, unrested: UNRESTED, levels: [100, 1000, 2000], growing: GROWING },
};

export function extentOf(form: Form): Extent {
  switch (form) {
    case 'full':
      return FULL;
    case 'short':
      return { ...FULL, short: true, rounds: 2, batch: 2, warmUp: 0, late: 3, sizes: [2 ** 26], levels: [10, 20] };
    case 'quiet':
      return {
        ...{ ...FULL, sizes: [], small: BUDGETED, large: [], peers: ['bubblewrap', 'crun', 'runc'] },
        ...{ levels: [100, 1000], growing: GROWING.filter((name) => name !== 'bubblewrap') },
      };
  }
}
