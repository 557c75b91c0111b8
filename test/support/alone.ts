/** Keeps test files apart that would be in each other's way: what they fill, the kernel counts for their user. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Resolves when no other process has `what`; this one has it until it ends. unix(7), abstract sockets */
export async function alone(what: string): Promise<void> {
  for (;;) {
    const server = createServer().unref();
    try {
      await once(server.listen(`\0carrel-test-${what}`), 'listening');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await setTimeout(100);
    }
  }
}
