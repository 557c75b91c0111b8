/** The servers of a container that a test has started: what they are made by, and `files` with another clock. */

import { once } from 'node:events';
import { canMapRange, type IdPlan } from '#lib/compile/ids.js';
import { SERVED_NAMESPACES, type Served } from '#lib/compile/serve.js';
import { hasEnded } from '#lib/errors/errors.js';
import { probe } from '#lib/host/probe.js';
import type { Container, ContainerProcess, Files, RunningContainer } from '#lib/index.js';
import { ownNamespaces } from '#lib/launch/namespaces.js';
import { Files as MadeFiles } from '#lib/running/files/files.js';

export interface Box extends AsyncDisposable {
  readonly child: ContainerProcess;
  /** What a plan of its servers follows from. */
  readonly served: Served;
}

/** Starts a container, once the script has said a line. */
export async function startBox(container: Container, script = ''): Promise<Box> {
  const child = container.spawn('sh', ['-c', `${script}\necho ready; exec sleep 1000`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  await once(child, 'spawn');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return {
    child,
    served: servedOf(child),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.result;
    },
  };
}

/** The same files as the container's own, by servers of their own, which have so long for a list of steps. */
export function filesWithin(box: RunningContainer, clockMs: number): { readonly files: Files; close(): Promise<void> } {
  const files = new MadeFiles({ served: servedOf(box), cwd: '/', clockMs });
  return { files, close: () => files.close(hasEnded('files')) };
}

/** What is known of a container as its user 0. */
function servedOf({ namespaces }: Pick<ContainerProcess | RunningContainer, 'namespaces'>): Served {
  const theirs = SERVED_NAMESPACES.map((type) => ({ type, handle: namespaces?.[type], own: ownNamespaces()[type] }));
  const ids: IdPlan = canMapRange(probe())
    ? { kind: 'range', first: 0 }
    : {
        kind: 'one',
        uid: 0,
        gid: 0,
        outside: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
        own: true,
      };
  return {
    namespaces: theirs.flatMap(({ type, handle, own }) =>
      handle === undefined || handle.inode === own.inode ? [] : [{ type, ...handle }],
    ),
    ids,
    user: { uid: 0, gid: 0, groups: [] },
    capabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_NET_BIND_SERVICE'],
    umask: 0o22,
  };
}
