/** What is made for one run: a root filesystem, and layers to stack. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freshBusyboxRoot } from '../support/busybox.js';
import { checkout } from '../support/sources.js';
import { LAYERS, type Places } from './cases.js';
import type { Peer } from './peers.js';

const MODULE = 'build/lib/index.js';

/**
 * Of this checkout's carrel; somebody else removes `directory`. The peers have a root filesystem of their own: podman
 * leaves files in it.
 */
export function makePlaces(directory: string, peersOf: (rootfs: string) => Readonly<Record<string, Peer>>): Places {
  const rootfs = freshBusyboxRoot();
  return { library: libraryIn(checkout), rootfs, layers: makeLayers(directory), peers: peersOf(freshBusyboxRoot()) };
}

/** The address of the module that is built in a checkout. */
export function libraryIn(directory: string): string {
  return pathToFileURL(join(directory, MODULE)).href;
}

export function isBuilt(directory: string): boolean {
  return [MODULE, 'dist/carrel.cjs', 'prebuilds'].every((path) => existsSync(join(directory, path)));
}

/** Each has one file of its own. */
function makeLayers(directory: string): string {
  const layers = join(directory, 'layers');
  for (let index = 0; index < LAYERS; index += 1) {
    const layer = join(layers, String(index));
    mkdirSync(layer, { recursive: true });
    writeFileSync(join(layer, `layer-${index}`), '');
  }
  return layers;
}
