/** Servers of Node's for the ports of a container. */

import type { ListenOptions, Server } from 'node:net';

/** So many connections of one are open at a time. Each takes a descriptor of this process, or two. */
const CONNECTIONS_MAX = 4096;

/** Has it listen. Rejects where it cannot. */
export async function listenOn(server: Server, where: ListenOptions & { readonly fd?: number }): Promise<void> {
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A connection that could not be accepted: others are.
  server.on('error', () => {});
}
