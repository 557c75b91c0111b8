/** What a container has written: kept, or listed. */

import type { DefinitionInput } from '../../definition/definition.js';
import type { ContainerProcess } from '../process.js';
import type { StartedFrom } from '../started-from.js';
import type { Change } from './changes.js';
import { listChanges } from './compare.js';
import { type SnapshotOptions, takeSnapshot } from './snapshot.js';
import type { Snapshot } from './taken.js';
import type { Written } from './written.js';

export class Writings {
  readonly #written: Written;
  readonly #like: (parts: DefinitionInput) => StartedFrom['container'];
  /** What can be paused, if it can. */
  readonly #child: Pick<ContainerProcess, 'pause' | 'resume'> | undefined;
  /** How many snapshots keep it paused. */
  #pausing = 0;

  constructor(
    written: Written,
    like: (parts: DefinitionInput) => StartedFrom['container'],
    child: Pick<ContainerProcess, 'pause' | 'resume'> | undefined,
  ) {
    this.#written = written;
    this.#like = like;
    this.#child = child;
  }

  /** `isPaused`: the caller has done so, and it stays. */
  async snapshot(options: SnapshotOptions, isPaused: boolean): Promise<Snapshot> {
    const child = isPaused ? undefined : this.#child;
    const take = (): Promise<Snapshot> => takeSnapshot(this.#written, this.#like, options);
    if (child === undefined) return take();
    this.#pausing += 1;
    try {
      await child.pause();
      return await take();
    } finally {
      this.#pausing -= 1;
      // What has ended has nothing left to go on.
      if (this.#pausing === 0) await child.resume().catch(() => {});
    }
  }

  changes(): Promise<readonly Change[]> {
    return listChanges(this.#written);
  }
}
