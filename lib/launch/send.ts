/** Has the launcher start a supervisor for a plan: seals the plan's bytes, and makes the channel to the supervisor. */

import { Channel, type ChannelEvents } from './channel.js';
import { request } from './launcher.js';
import { native } from './native.js';
import type { Stdio } from './stdio.js';

/**
 * Takes over `stdio.owned`, which is closed when it was sent. `sent` is called right before, with what went wrong if it did.
 *
 * @throws Node's system error where there are no more descriptors; then nothing was sent, and `stdio` is the caller's still.
 */
export function send(
  bytes: Uint8Array,
  stdio: Stdio,
  events: ChannelEvents,
  sent: (error: Error | undefined) => void,
): Channel {
  const { sealedMemfd, socketpair, close } = native();
  const memfd = sealedMemfd(bytes);
  let pair: readonly [number, number];
  try {
    pair = socketpair();
  } catch (error) {
    close(memfd);
    throw error;
  }
  const [ours, theirs] = pair;
  const channel = new Channel(ours, events);
  request([memfd, theirs, ...stdio.sent], (error) => {
    sent(error);
    for (const descriptor of [memfd, theirs, ...stdio.owned]) close(descriptor);
  });
  return channel;
}
