/** The files of a container that a test has started by `spawn()`, as its user and as others. */

import { once } from 'node:events';
import { canMapRange, type IdPlan } from '#lib/compile/ids.js';
import { SERVED_NAMESPACES, type Served } from '#lib/compile/serve.js';
import { hasEnded } from '#lib/errors/errors.js';
import { probe } from '#lib/host/probe.js';
import type { Container, ContainerProcess } from '#lib/index.js';
import { Files } from '#lib/running/files/files.js';

export interface Box extends AsyncDisposable {
  readonly child: ContainerProcess;
  readonly files: Files;
  /** What a plan of its servers follows from. */
  readonly served: Served;
}

/** Starts a container that stays, once the script has said a line. */
export async function startBox(container: Container, script = '', clockMs?: number): Promise<Box> {
  const child = container.spawn('sh', ['-c', `${script}\necho ready; exec sleep 1000`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  await once(child, 'spawn');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const served = servedOf(child);
  const files = new Files({ served, cwd: '/', ...(clockMs === undefined ? {} : { clockMs }) });
  return {
    child,
    files,
    served,
    async [Symbol.asyncDispose]() {
      await files.close(hasEnded('files'));
      child.kill('SIGKILL');
      await child.result;
    },
  };
}

/** What is known of a container as its user 0. */
export function servedOf(child: ContainerProcess): Served {
  const own = new Map(SERVED_NAMESPACES.map((type) => [type, child.namespaces?.[type]]));
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
    namespaces: [...own].flatMap(([type, handle]) => (handle === undefined ? [] : [{ type, ...handle }])),
    ids,
    user: { uid: 0, gid: 0, groups: [] },
    capabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_NET_BIND_SERVICE'],
    umask: 0o22,
  };
}
