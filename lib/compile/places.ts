/** Where a container writes what is gone with it: its root, its /tmp, and what is mounted in memory or over layers. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Overlay } from '../definition/overlay.js';
import { PLACES_MAX } from '../plan/messages.js';
import type { ContainerStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

/** One of them. */
export interface WrittenPlace {
  readonly target: string;
  /** What it lies over; `undefined`: it began empty. */
  readonly overlay: Overlay | undefined;
  /** Which of the definition's mounts it is; `undefined`: the root, or carrel's own /tmp. */
  readonly mount: number | undefined;
}

/** In the order in which they are mounted. A root that is a directory of the host's is none of them. */
export function writtenPlaces(definition: ContainerDefinition): readonly WrittenPlace[] {
  const { namespaces, rootfs, readonly, mounts } = definition;
  if (!namespaces.includes('mount')) return [];
  const root = { target: '/', overlay: typeof rootfs === 'object' ? rootfs : ownRoot(definition), mount: undefined };
  return [
    ...(readonly || typeof rootfs === 'string' ? [] : [root]),
    ...(seesOwnTmp(definition) ? [{ target: '/tmp', overlay: undefined, mount: undefined }] : []),
    ...mounts.flatMap((entry, index): readonly WrittenPlace[] => {
      const { target } = entry;
      if (entry.type === 'tmpfs') return [{ target, overlay: undefined, mount: index }];
      return entry.type === 'overlay' && target !== '/' ? [{ target, overlay: entry, mount: index }] : [];
    }),
  ];
}

/** What the root that carrel makes begins with: the overlay on `/`, of which the last counts. */
export function ownRoot({ mounts }: ContainerDefinition): Overlay | undefined {
  return mounts.flatMap((entry) => (entry.type === 'overlay' && entry.target === '/' ? [entry] : [])).at(-1);
}

/** Without a root file system all is in memory anyway, and /tmp is there. */
export function hasOwnTmp({ rootfs, readonly }: ContainerDefinition): boolean {
  return rootfs !== undefined || readonly;
}

/** Whether it writes there: a mount of its own may cover that. */
export function seesOwnTmp(definition: ContainerDefinition): boolean {
  return (
    hasOwnTmp(definition) && !definition.mounts.some(({ type, target }) => target === '/tmp' && COVERING.has(type))
  );
}

const COVERING: ReadonlySet<string> = new Set(['bind', 'tmpfs', 'overlay']);

/**
 * What of these places a plan keeps within reach: each is captured when it is mounted. An overlay hides where its
 * writes go, and what is mounted later covers what is below it.
 */
export class CapturedPlaces {
  readonly #slots: Slots | undefined;
  /** In the order of {@link writtenPlaces}. */
  readonly captured: number[] = [];

  /** Without `slots` nothing is captured: a container that ends with its command. */
  constructor(definition: ContainerDefinition, slots: Slots | undefined) {
    this.#slots = writtenPlaces(definition).length > PLACES_MAX ? undefined : slots;
  }

  /** What is mounted on `target` by now. `shown`: what it is to the container. */
  capture(target: string, shown: string): readonly ContainerStep[] {
    const slot = this.#slot(shown);
    return slot === undefined ? [] : [{ op: 'captureTree', slot, target, from: 'start()' }];
  }

  /** A directory of the host's that the child finds by itself. */
  captureSource(source: string, shown: string): readonly ContainerStep[] {
    const slot = this.#slot(shown);
    if (slot === undefined) return [];
    return [{ op: 'openTree', slot, source, recursive: false, nofollow: false, from: 'start()' }];
  }

  #slot(shown: string): number | undefined {
    const slot = this.#slots?.add(`what is written to ${shown}`);
    if (slot !== undefined) this.captured.push(slot);
    return slot;
  }
}
