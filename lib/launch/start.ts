/** Has the launcher start a supervisor for a plan: seals the plan's bytes, and makes the line to the supervisor. */

import type { Session } from '../definition/session.js';
import { planUnwritten } from '../errors/errors.js';
import { channel } from './channel.js';
import { request } from './launcher.js';
import type { Line, LineListener } from './line.js';
import { native } from './native.js';
import { shortageOf } from './obstacle.js';
import type { Stdio } from './stdio.js';

/**
 * Takes over `stdio.owned`, which is closed when it was sent. `sent` is called right before, with what went wrong if it
 * did: then the line ends.
 *
 * @throws Node's system error where there are no more descriptors, and what planUnwritten() makes; then nothing was
 *   sent, and `stdio` is the caller's still.
 */
export function startSupervisor(
  bytes: Uint8Array,
  stdio: Stdio,
  listener: LineListener,
  session: Session,
  sent: (error: Error | undefined) => void,
): Line {
  const { close } = native();
  const all = channel();
  const memfd = sealPlan(bytes);
  let opened: ReturnType<typeof all.open>;
  try {
    opened = all.open(listener);
  } catch (error) {
    close(memfd);
    throw error;
  }
  const { line, theirs } = opened;
  request({ supervisor: line.supervisor, descriptors: [memfd, theirs, ...stdio.sent], session }, (error) => {
    sent(error);
    for (const descriptor of [memfd, theirs, ...stdio.owned]) close(descriptor);
    if (error !== undefined) line.hungUp();
  });
  return line;
}

/**
 * The plan as a sealed memfd, which is the caller's.
 *
 * @throws Node's system error where there are no more descriptors, and what planUnwritten() makes.
 */
export function sealPlan(bytes: Uint8Array): number {
  try {
    return native().sealedMemfd(bytes);
  } catch (error) {
    const obstacle = shortageOf(error as Error);
    if (obstacle === 'descriptors') throw error;
    throw planUnwritten(error as Error, obstacle);
  }
}
