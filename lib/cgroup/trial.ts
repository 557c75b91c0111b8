/** Finds out what cgroups can be made by making one. It is removed at once. */

import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE, type CgroupHierarchy } from './files.js';
import { removeEmpty, sweep } from './sweep.js';
import type { CgroupMount } from './tree.js';
import { uniqueName } from './unique.js';

const TRIES = 100;

/** A hierarchy, and what of it could not be had; or why there is none. */
export interface Trial {
  readonly hierarchy?: CgroupHierarchy;
  readonly obstacles: readonly string[];
}

/** Version 1: in the root of a tree. */
export function tryV1({ path: parent, controllers, options }: CgroupMount): Trial {
  return attempt(`${controllers.join(', ')} (cgroup v1)`, parent, () => {
    const files = makeOne(parent, () => {});
    return { hierarchy: { version: 1, parent, controllers, files, options }, obstacles: [] };
  });
}

const WANTED = ['memory', 'pids', 'cpu', 'cpuset', 'io'];

/** Version 2: below `parent`, whose controllers are handed down. */
export function tryV2(parent: string): Trial {
  return attempt('cgroup v2', parent, () => {
    const obstacles: string[] = [];
    const offered = words(join(parent, 'cgroup.controllers'));
    const controllers = WANTED.filter((name) => offered.includes(name)).filter((name) => {
      const code = handDown(parent, name);
      if (code !== undefined) obstacles.push(`${name} (cgroup v2): ${code} at ${parent}/cgroup.subtree_control`);
      return code === undefined;
    });
    const files = makeOne(parent, (base) => {
      for (const name of controllers) writeFileSync(join(base, 'cgroup.subtree_control'), `+${name}`);
    });
    return { hierarchy: { version: 2, parent, controllers, files }, obstacles };
  });
}

/** The words in a file. */
export function words(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split(/\s+/).filter(Boolean);
}

function handDown(parent: string, controller: string): string | undefined {
  const file = join(parent, 'cgroup.subtree_control');
  if (words(file).includes(controller)) return undefined;
  try {
    writeFileSync(file, `+${controller}`);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/**
 * Makes a cgroup in the base, as containers do; gives the files in it. Leftovers go first: they may be all that there
 * may be. cgroup-v2.rst, "cgroup.max.descendants"
 */
function makeOne(parent: string, prepare: (base: string) => void): readonly string[] {
  const base = join(parent, BASE);
  sweep(parent);
  // Who sweeps meanwhile removes it.
  const trial = join(base, `trial-${uniqueName()}`);
  for (let tries = 0; ; tries += 1) {
    try {
      mkdirSync(base, { recursive: true });
      prepare(base);
      mkdirSync(trial);
      const files = readdirSync(trial);
      rmdirSync(trial);
      removeEmpty(base);
      return files;
    } catch (error) {
      // Another container was the last in the base, and has removed it; or somebody has swept.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ENODEV'].includes(code) || tries === TRIES) throw error;
    }
  }
}

function attempt(what: string, parent: string, run: () => Trial): Trial {
  try {
    return run();
  } catch (error) {
    const { code = 'failed', syscall = '' } = error as NodeJS.ErrnoException;
    return { obstacles: [`${what}: ${code}, ${syscall} at ${parent}`] };
  }
}
