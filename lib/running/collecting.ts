/** Reads files of a command when it has ended. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { NamedUser, User } from '../definition/user.js';
import { hasEnded } from '../errors/errors.js';
import type { Collected, WantedFile } from './collected.js';
import { Files } from './files/files.js';
import { givenBy } from './served.js';
import type { Supervision } from './supervision.js';

/** Where relative paths count from, and what breaks reading off. */
export interface From {
  readonly cwd: string;
  readonly signal: AbortSignal | undefined;
}

/** A command with which its container has ended. */
export interface EndedCommand {
  readonly definition: ContainerDefinition;
  readonly user: User | NamedUser | undefined;
  readonly supervision: Supervision;
}

/**
 * Of a container that has ended with its command. Its mounts are there as long as Node has them open: nobody is left in
 * them.
 */
export async function collectOfEnded(
  { definition, user, supervision }: EndedCommand,
  wanted: readonly WantedFile[],
  from: From,
): Promise<Collected> {
  const { served } = givenBy(definition, user ?? definition.user, supervision);
  const files = new Files({ served, cwd: from.cwd });
  return collectFrom(files, wanted, from).finally(() => files.close(hasEnded('the container')));
}

/** Reads them, each by itself: what keeps one from being read keeps no other. */
export async function collectFrom(
  files: Pick<Files, 'readFile'>,
  wanted: readonly WantedFile[],
  { cwd, signal }: From,
): Promise<Collected> {
  const read = await Promise.all(
    wanted.map(async ({ path, maxBytes }): Promise<readonly [path: string, Buffer | string]> => {
      try {
        const inside = path.startsWith('/') ? path : `${cwd}/${path}`;
        return [path, await files.readFile(inside, { maxBytes, signal })];
      } catch (error) {
        return [path, signal?.aborted === true ? 'ABORT_ERR' : reasonOf(error)];
      }
    }),
  );
  // In the order in which they were asked for. Not by assignment: a path may be called __proto__.
  return Object.freeze({
    files: Object.freeze(Object.fromEntries(read.filter((one) => Buffer.isBuffer(one[1])))) as Collected['files'],
    uncollected: Object.freeze(
      Object.fromEntries(read.filter((one) => typeof one[1] === 'string')),
    ) as Collected['uncollected'],
  });
}

function reasonOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : name;
}
