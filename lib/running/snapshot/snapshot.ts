/** Takes a snapshot of what a container has written. */

import type { WrittenPlace } from '../../compile/places.js';
import { abortSignal, knownOptions } from '../../definition/checks.js';
import type { DefinitionInput } from '../../definition/definition.js';
import { hasEnded, snapshotGone } from '../../errors/errors.js';
import type { StartedFrom } from '../started-from.js';
import { Bounds, type SnapshotBounds } from './bounds.js';
import { copyTree } from './copy.js';
import { dropDirectory, makeDirectory, type SnapshotPlace } from './directory.js';
import { type FrozenPlace, frozenParts } from './frozen.js';
import { Keeper } from './keeper.js';
import { makeLock, removeLeft, type Snapshot, type SnapshotKept, TakenSnapshot } from './taken.js';
import { givenPlaces, type Written } from './written.js';

/** Options of {@link RunningContainer.snapshot}. */
export interface SnapshotOptions extends SnapshotBounds {
  /**
   * A directory of the host, missing or empty, which nobody but this user can look into then. It stays when Node ends,
   * and is removed by disposal only. Default: one of carrel's own, removed by disposal or when Node has ended. It is in
   * `$XDG_DATA_HOME/carrel`, by default `/var/lib/carrel` for root, `~/.local/share/carrel` for others.
   */
  readonly directory?: string | URL | undefined;
  /** Ends it when it is aborted: it rejects with the reason, and nothing is left. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link RunningContainer.snapshot} does. `like`: the container that was started, with other parts. */
export async function takeSnapshot(
  written: Written,
  like: (parts: DefinitionInput) => StartedFrom['container'],
  options: SnapshotOptions,
): Promise<Snapshot> {
  knownOptions('snapshot()', options, ['directory', 'signal', 'maxBytes', 'maxEntries']);
  const { signal } = options;
  abortSignal('signal', signal);
  const bounds = Bounds.ofSnapshot(options);
  signal?.throwIfAborted();
  const { places, given } = givenPlaces(written, 'snapshot()');
  const { snapshots, layers } = earlierOnes(places);
  const place = makeDirectory(options.directory, written.ids);
  // One that stays when Node has ended has all that it needs.
  const copied = place.isGiven ? layers : [];
  const { ids, user } = written;
  const kept: SnapshotKept = {
    ids,
    user,
    places: places.length,
    layers: copied,
    directory: place.path,
    snapshots,
  };
  const keeper = keeperFor(place, () => new Keeper(kept, given, bounds));
  const forget = stopping(keeper, written, signal);
  try {
    const { frozen, moved, sizeBytes } = await copyAll(keeper, places, kept, ids.kind !== 'one');
    keeper.mustRun();
    const container = like(frozenParts(written.definition, { directory: place.path, frozen, moved }));
    forget();
    if (place.isGiven) await keeper.end(snapshotGone());
    return new TakenSnapshot(kept, place.isGiven ? undefined : keeper, container, sizeBytes);
  } catch (error) {
    forget();
    await keeper.leave(error as Error);
    await removeLeft(kept);
    dropDirectory(place);
    throw error;
  }
}

/** Which of the overlays' directories are of earlier snapshots. */
function earlierOnes(places: readonly WrittenPlace[]): Pick<SnapshotKept, 'snapshots' | 'layers'> {
  const overlays = places.flatMap(({ overlay }) => (overlay === undefined ? [] : [overlay]));
  const snapshots = [...new Set(overlays.flatMap((overlay) => overlay.snapshots ?? []))];
  const lower = [...new Set(overlays.flatMap((overlay) => overlay.lower))];
  return { snapshots, layers: lower.filter((path) => snapshots.some((snapshot) => path.startsWith(`${snapshot}/`))) };
}

/** Where it cannot be started nothing is left. */
function keeperFor(place: SnapshotPlace, make: () => Keeper): Keeper {
  try {
    return make();
  } catch (error) {
    dropDirectory(place);
    throw error;
  }
}

/** Stops a keeper when the signal is aborted, or the container has ended. Gives what takes that back. */
function stopping(keeper: Keeper, { supervision }: Written, signal: AbortSignal | undefined): () => void {
  let isOn = true;
  const stop = (error: Error): void => {
    if (isOn) keeper.stop(error);
  };
  const abort = (): void => stop(signal?.reason);
  const over = (): void => stop(hasEnded('snapshot()'));
  signal?.addEventListener('abort', abort, { once: true });
  supervision.ended.then(over, over);
  return () => {
    isOn = false;
    signal?.removeEventListener('abort', abort);
  };
}

/** What was copied, and where. */
interface Copied {
  readonly frozen: readonly FrozenPlace[];
  /** Where directories of earlier snapshots are now. */
  readonly moved: ReadonlyMap<string, string>;
  readonly sizeBytes: number;
}

async function copyAll(
  keeper: Keeper,
  places: readonly WrittenPlace[],
  { layers, directory }: SnapshotKept,
  hasOwners: boolean,
): Promise<Copied> {
  await keeper.ask([makeLock(keeper)], { syscall: 'open', path: directory });
  const frozen: FrozenPlace[] = [];
  const moved = new Map<string, string>();
  let sizeBytes = 0;
  for (const [index, place] of places.entries()) {
    const name = String(index);
    const from = keeper.slots.places[index] ?? 0;
    const isLayer = place.overlay !== undefined;
    sizeBytes += await copyTree(keeper, { from, name, shown: place.target, isLayer, hasOwners });
    frozen.push({ place, layer: `${directory}/${name}` });
  }
  for (const [index, layer] of layers.entries()) {
    const name = `earlier-${index}`;
    const from = keeper.slots.layers[index] ?? 0;
    sizeBytes += await copyTree(keeper, { from, name, shown: layer, isLayer: true, hasOwners });
    moved.set(layer, `${directory}/${name}`);
  }
  return { frozen, moved, sizeBytes };
}
