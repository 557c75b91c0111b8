/** From when on the streams of a command may be read. */

import type { Duplex } from 'node:stream';

/**
 * Those that have been released, and those that wanted to read before. A Socket begins to read before a field of its
 * own could be there.
 */
const released = new WeakSet<Duplex>();
const waiting = new WeakSet<Duplex>();

/** Whether a stream that is asked to read may do so. If not, it is asked again once it is released. */
export function isReleased(stream: Duplex): boolean {
  if (released.has(stream)) return true;
  waiting.add(stream);
  return false;
}

/** Lets a stream be read. */
export function release(stream: Duplex): void {
  released.add(stream);
  if (waiting.delete(stream)) stream._read(0);
}

/** Whether nobody has begun to read it. */
export function isUnread(stream: Duplex): boolean {
  return stream.readableFlowing === null && stream.listenerCount('readable') === 0;
}
