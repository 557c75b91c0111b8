/**
 * A cgroup of version 2 that an ordinary user was given, for callers in it.
 *
 * As root only.
 */

import { chownSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupMounts } from '#lib/cgroup/tree.js';
import { asUser, NOBODY } from './legs.js';
import { attempt } from './processes.js';
import { until } from './waiting.js';

export interface Delegated {
  readonly directory: string;
  /** What stands before a command that is to be in it, as its user. */
  readonly prefix: readonly string[];
}

/** Makes one, and removes it with all that the user has made there; what is in it must have been told to end. */
export async function withDelegated<Result>(act: (delegated: Delegated) => Promise<Result>): Promise<Result> {
  const mount = cgroupMounts().find(({ version }) => version === 2);
  const directory = join(mount?.path ?? '', `carrel-test-${process.pid}`);
  mkdirSync(directory);
  try {
    for (const file of ['.', 'cgroup.procs', 'cgroup.subtree_control'])
      chownSync(join(directory, file), NOBODY, NOBODY);
    const prefix = ['sh', '-ec', `echo $$ >${directory}/cgroup.procs; exec "$@"`, 'sh', ...asUser];
    return await act({ directory, prefix });
  } finally {
    await until(() => removed(directory));
  }
}

/** A cgroup is busy until the last that was in it is dead. */
function removed(directory: string): boolean {
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return (
    below.every(({ name }) => removed(join(directory, name))) && attempt(() => rmdirSync(directory) ?? true) === true
  );
}
