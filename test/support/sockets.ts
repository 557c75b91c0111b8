/** What sockets say. */

import type { Socket } from 'node:net';

/** All that comes, to the end of that direction: the other may stay open. */
export function textOf(socket: Socket): Promise<string> {
  let all = '';
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      all += String(chunk);
    });
    socket.on('error', reject).on('end', () => resolve(all));
  });
}
