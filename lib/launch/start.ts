/** Has the launcher start a supervisor for a plan: seals the plan's bytes, and makes the channel to the supervisor. */

import type { Session } from '../definition/session.js';
import { planUnwritten } from '../errors/errors.js';
import { Channel, type ChannelListener } from './channel.js';
import { lane } from './lane.js';
import { request } from './launcher.js';
import { native } from './native.js';
import { obstacleOf } from './obstacle.js';
import type { Stdio } from './stdio.js';

/** By which channel a supervisor is reached, and under which number. */
export interface Connection {
  readonly channel: Channel;
  readonly supervisor: number;
}

/**
 * Takes over `stdio.owned`, which is closed when it was sent. `sent` is called right before, with what went wrong if it
 * did: then the channel ends.
 *
 * @throws Node's system error where there are no more descriptors, and what planUnwritten() makes; then nothing was
 *   sent, and `stdio` is the caller's still.
 */
export function startSupervisor(
  bytes: Uint8Array,
  stdio: Stdio,
  listener: ChannelListener,
  session: Session,
  sent: (error: Error | undefined) => void,
): Connection {
  const { socketpair, close } = native();
  const all = lane();
  const memfd = write(bytes);
  let pair: readonly [number, number];
  try {
    pair = socketpair();
  } catch (error) {
    close(memfd);
    throw error;
  }
  const [ours, theirs] = pair;
  const channel = new Channel(ours, all);
  const supervisor = all.open();
  channel.listen(supervisor, listener);
  request({ supervisor, descriptors: [memfd, theirs, ...stdio.sent], session }, (error) => {
    sent(error);
    for (const descriptor of [memfd, theirs, ...stdio.owned]) close(descriptor);
  });
  return { channel, supervisor };
}

/** The plan as a sealed memfd. */
function write(bytes: Uint8Array): number {
  try {
    return native().sealedMemfd(bytes);
  } catch (error) {
    const obstacle = obstacleOf(error as Error);
    if (obstacle === 'descriptors') throw error;
    throw planUnwritten(error as Error, obstacle);
  }
}
