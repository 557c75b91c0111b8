/** Targets that are made on the host, where they are missing, for as long as something is mounted there. */

import type { Mount } from '../definition/mounts.js';
import type { Host } from '../host/facts.js';
import { isWithin } from '../plan/paths.js';
import type { StepOf } from '../plan/steps.js';
import type { Trees } from './trees.js';

/** The targets of one plan. */
export class HostTargets {
  readonly #host: Host;
  readonly #trees: Trees;
  /** What is made already, and below which mount: twice, the plan would keep itself from taking it away. */
  readonly #made = new Set<string>();

  constructor(host: Host, trees: Trees) {
    this.#host = host;
    this.#trees = trees;
  }

  /** Makes the target of `mount`, and what is missing above it, below the last of `earlier` that is around it. */
  make(mount: Mount, earlier: readonly Mount[], from: string): readonly StepOf<'makeTarget'>[] {
    if (!('create' in mount)) return [];
    const { target } = mount;
    const around = earlier.map((other) => other.target).filter((path) => path !== target && isWithin(target, path));
    const top = around.reduce((longest, path) => (path.length > longest.length ? path : longest), '/');
    const names = target.slice(top === '/' ? 1 : top.length + 1).split('/');
    return names.flatMap((name, index) => {
      const path = `${top === '/' ? '' : top}/${names.slice(0, index + 1).join('/')}`;
      const isLast = index === names.length - 1;
      return this.#one(top, path, isLast && isFile(mount, this.#host) ? 'file' : 'directory', name, from);
    });
  }

  #one(
    top: string,
    target: string,
    type: 'directory' | 'file',
    name: string,
    from: string,
  ): readonly StepOf<'makeTarget'>[] {
    const key = JSON.stringify([top, target]);
    if (this.#made.has(key)) return [];
    this.#made.add(key);
    const [slot, parent] = [this.#trees.hold(target), this.#trees.hold(`what is above ${target}`)];
    this.#trees.after.unshift({ op: 'removeTarget', slot, parent, name, from });
    return [{ op: 'makeTarget', target, type, slot, parent, from }];
  }
}

/** Whether a file is to be mounted there. What does not exist is refused later. */
function isFile(mount: Mount, { found }: Host): boolean {
  if (mount.type !== 'bind') return false;
  return found.some(({ path, directory }) => path === mount.source && directory === false);
}
