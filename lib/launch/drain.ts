/** How the streams of a command that has ended come to their own end. */

import type { EventEmitter } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { isUnread } from './release.js';
import type { StdioEnd } from './stdio-end.js';

type Ends = readonly (StdioEnd | null)[];

/**
 * Calls back when the streams have ended. Who waits for `close` without reading them does not want what they hold,
 * and has had a turn to begin.
 */
export function whenDrained(ends: Ends, emitter: EventEmitter, over: () => void): void {
  const give = (): void => {
    for (const stream of unread(ends)) stream.resume();
  };
  const listened = (name: string | symbol): void => {
    if (name === 'close') setImmediate(give);
  };
  if (emitter.listenerCount('close') > 0) setImmediate(give);
  emitter.on('newListener', listened);
  const look = async (): Promise<void> => {
    const open = output(ends).filter((stream) => !stream.closed);
    await Promise.all(open.map(closed));
    // In a tick of its own: what a listener throws in a promise is a rejection, not an exception.
    process.nextTick(() => {
      // Who touches one meanwhile has a stream that is still to end.
      if (output(ends).some((stream) => !stream.closed)) void look();
      else {
        emitter.off('newListener', listened);
        for (const end of ends) end?.finish();
        over();
      }
    });
  };
  void look();
}

/** Milliseconds without a byte after which nothing is on its way any more; and how long bytes may keep coming. */
const QUIET_MS = 50;
const LONGEST_MS = 1000;

/**
 * Destroys a stream that somebody reads when all has been read that its command had written: the command has ended.
 * Somebody outside of the container may have the other end too, and keep it open for ever.
 */
export function endOnceRead(stream: Readable): void {
  if (stream.closed) return;
  const deadline = performance.now() + LONGEST_MS;
  let chunks = 0;
  const count = (): void => {
    chunks += 1;
  };
  const look = (): void => {
    const seen = chunks;
    // Between a timer and an immediate Node reads what there is.
    setImmediate(() => {
      if (chunks === seen || performance.now() > deadline) stream.destroy();
      else timer.refresh();
    });
  };
  const timer = setTimeout(look, QUIET_MS);
  stream.on('data', count);
  stream.once('close', () => clearTimeout(timer));
}

/** Those of the streams that nobody has begun to read. */
export function unread(ends: Ends): readonly Duplex[] {
  return output(ends).filter(isUnread);
}

export function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    // The first to hear of it: a listener that throws keeps it from those behind.
    else stream.prependOnceListener('close', resolve);
  });
}

/** The streams of all but the standard input, which ends with the command. */
function output(ends: Ends): readonly Duplex[] {
  return ends.slice(1).flatMap((end) => end?.stream ?? []);
}
