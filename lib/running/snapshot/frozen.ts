/** The definition of a container that begins with what another one has written. */

import type { WrittenPlace } from '../../compile/places.js';
import type { ContainerDefinition, DefinitionInput } from '../../definition/definition.js';
import type { Mount } from '../../definition/mounts.js';
import { type Overlay, type OverlayOptions, overlay } from '../../definition/overlay.js';
import { isWithin } from '../../plan/paths.js';

/** A place, and the directory of the host that holds what was written there. */
export interface FrozenPlace {
  readonly place: WrittenPlace;
  readonly layer: string;
}

/** All of a snapshot. */
export interface Frozen {
  readonly directory: string;
  readonly frozen: readonly FrozenPlace[];
  /** Where directories of earlier snapshots are now: it has its own of these. */
  readonly moved: ReadonlyMap<string, string>;
}

/** What changes in the definition. */
export function frozenParts(
  { rootfs, mounts }: ContainerDefinition,
  { directory, frozen, moved }: Frozen,
): Pick<DefinitionInput, 'rootfs' | 'mounts'> {
  const over = (under: Overlay | undefined, layer: string): OverlayOptions => ({
    lower: [layer, ...(under?.lower ?? []).map((path) => moved.get(path) ?? path)],
    snapshots: [directory, ...(moved.size > 0 ? [] : (under?.snapshots ?? []))],
    ...(under?.size === undefined ? {} : { size: under.size }),
  });
  const root = frozen.find(({ place }) => place.target === '/');
  const tmp = frozen.find(({ place }) => place.target === '/tmp' && place.mount === undefined);
  const later = mounts.flatMap((mount, index): readonly Mount[] => {
    const found = frozen.find(({ place }) => place.mount === index);
    if (found !== undefined) return [frozenMount(mount, over(found.place.overlay, found.layer))];
    return isFrozen(mounts, index, frozen) ? [] : [mount];
  });
  const hasOwnRoot = rootfs === undefined && root !== undefined;
  const begun = {
    ...(hasOwnRoot ? { root: overlay('/', over(root.place.overlay, root.layer)) } : {}),
    ...(tmp === undefined ? {} : { tmp: overlay('/tmp', over(undefined, tmp.layer)) }),
  };
  return {
    ...(rootfs === undefined || root === undefined ? {} : { rootfs: overlay(over(root.place.overlay, root.layer)) }),
    mounts: [...Object.values(begun), ...later.filter(({ target }) => !(hasOwnRoot && target === '/'))],
  };
}

/** Whether it is a file, link or directory that was made where the container writes: it is there, as it became. */
function isFrozen(mounts: readonly Mount[], index: number, frozen: readonly FrozenPlace[]): boolean {
  const mount = mounts[index];
  if (mount === undefined || MOUNTED.has(mount.type)) return false;
  const around = [
    ...frozen.filter(({ place }) => place.mount === undefined).map(({ place }) => ({ place, isKept: true })),
    ...mounts
      .slice(0, index)
      .flatMap((place, at) =>
        MOUNTED.has(place.type) ? [{ place, isKept: frozen.some((each) => each.place.mount === at) }] : [],
      ),
  ].filter(({ place }) => isWithin(mount.target, place.target));
  const longest = Math.max(0, ...around.map(({ place }) => place.target.length));
  return around.filter(({ place }) => place.target.length === longest).at(-1)?.isKept ?? false;
}

const MOUNTED: ReadonlySet<string> = new Set(['bind', 'tmpfs', 'overlay']);

/** What was mounted in memory, or over other directories, lies over these. */
function frozenMount(mount: Mount, layers: OverlayOptions): Mount {
  if (mount.type !== 'tmpfs' && mount.type !== 'overlay') return mount;
  const { nosuid, nodev, noexec, target } = mount;
  const create = 'create' in mount && mount.create !== undefined ? { create: mount.create } : {};
  const size = mount.size === undefined ? {} : { size: mount.size };
  return overlay(target, { ...layers, ...size, nosuid, nodev, noexec, ...create });
}
