/** A snapshot that was taken. */

import { existsSync } from 'node:fs';
import type { Kept } from '../../compile/keep.js';
import { SNAPSHOT_LOCK } from '../../compile/overlay.js';
import { snapshotGone } from '../../errors/errors.js';
import type { ServedStep } from '../../plan/steps.js';
import type { StartedFrom } from '../started-from.js';
import { Bounds } from './bounds.js';
import { dropDirectory } from './directory.js';
import { Keeper } from './keeper.js';

/**
 * Files as they were when it was taken, from {@link RunningContainer.snapshot}. Disposal removes them. Containers that
 * use them still keep them, and so do later snapshots of those: they go with the last.
 */
export interface Snapshot extends AsyncDisposable {
  /** Where they are on the host. */
  readonly directory: string;
  /**
   * The definition of the container that it was taken from, beginning with these files: overlays whose lower
   * directories they are. It is plain data, so `new Container(JSON.parse(text))` begins with them too.
   */
  readonly container: StartedFrom['container'];
  /** What they take, without what was there before. */
  readonly sizeBytes: number;
}

/** What makes and removes a snapshot. */
export type SnapshotKept = Kept & { readonly directory: string };

/** Makes the file of a directory on which all who use it have a lock. */
export function makeLock({ slots: { directory, lock } }: Keeper): ServedStep {
  return {
    op: 'open',
    slot: lock,
    at: directory ?? 0,
    path: SNAPSHOT_LOCK,
    kind: 'file',
    flags: ['readWrite', 'create', 'exclusive'],
    nofollow: true,
    mode: 0o600,
  };
}

/** A keeper that is given nothing but what was written. */
function removerOf(kept: SnapshotKept): Keeper {
  return new Keeper({ ...kept, places: 0, layers: [], snapshots: [] }, [], Bounds.ofSnapshot({}));
}

/** Removes what a keeper has left that was ended, or killed. */
export async function removeLeft(kept: SnapshotKept): Promise<void> {
  if (existsSync(kept.directory)) await removerOf(kept).leave(snapshotGone());
}

/** `keeper`: who removes it when Node has ended; `undefined`: nobody. */
export class TakenSnapshot implements Snapshot {
  readonly directory: string;
  readonly container: StartedFrom['container'];
  readonly sizeBytes: number;
  readonly #kept: SnapshotKept;
  readonly #keeper: Keeper | undefined;
  #disposed: Promise<void> | undefined;

  constructor(kept: SnapshotKept, keeper: Keeper | undefined, container: StartedFrom['container'], sizeBytes: number) {
    this.directory = kept.directory;
    this.container = container;
    this.sizeBytes = sizeBytes;
    this.#kept = kept;
    this.#keeper = keeper;
  }

  /** Removes it. Where it is in use still, that happens when the last user has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose().catch(() => {});
    await this.#disposed;
  }

  async #dispose(): Promise<void> {
    // One that stays has ended, or it was killed.
    const keeper = this.#keeper?.isGone === false ? this.#keeper : await this.#another();
    const { error } = await keeper.perform([{ op: 'lock', slot: keeper.slots.lock }]);
    // The keeper waits for those who use it, and nobody for the keeper.
    if (error !== 0) keeper.stop(snapshotGone());
    else await keeper.leave(snapshotGone());
    if (error === 0) dropDirectory({ path: this.directory, isGiven: true, wasThere: false });
  }

  async #another(): Promise<Keeper> {
    const keeper = removerOf(this.#kept);
    const { lock, directory } = keeper.slots;
    const step = { ...makeLock(keeper), slot: lock, at: directory ?? 0, flags: ['readWrite'] } as ServedStep;
    await keeper.ask([step], { syscall: 'open', path: this.directory });
    return keeper;
  }
}
