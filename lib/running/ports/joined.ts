/** Two sockets that are joined: what either says, the other hears, no faster than it takes it. */

import type { Socket } from 'node:net';

/** Has each say what the other says. The end of one direction is not the end of the other. */
export function join(one: Socket, other: Socket): void {
  follow(one, other);
  follow(other, one);
}

function follow(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  // Its close follows.
  from.on('error', () => {});
  from.on('close', () => {
    if (!from.readableEnded || !from.writableFinished) reset(to);
  });
  from.pipe(to);
}

/** Ends a connection at once, so that the other side knows that it was cut off. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // All has been said, and is being shut down. libuv refuses a reset then, and Node never tells of the close.
  const isShutting = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  try {
    if (!isShutting) socket.resetAndDestroy();
  } catch {
    // Of a Unix socket there is none, and Bun has none.
  }
  // It does nothing where that has been done.
  socket.destroy();
}

/**
 * Ends two that are joined as soon as `to` has been told all that `from` says. Nobody hears any more what `to` says; of
 * a direction that has ended the kernel tells nothing.
 */
export function finish(from: Socket, to: Socket): void {
  const over = (): void => {
    to.unpipe(from);
    from.end();
    if (to.writableFinished) to.destroy();
    else to.end().once('finish', () => to.destroy());
  };
  if (from.readableEnded) over();
  else from.once('end', over);
}

/** Cuts it off, and waits until it is gone. */
export function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
    reset(socket);
  });
}
