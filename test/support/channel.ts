/** Lines at which nobody is, for tests that say themselves what comes by the channel. */

import assert from 'node:assert/strict';
import type { Channel } from '#lib/launch/channel.js';
import type { LineListener } from '#lib/launch/line.js';
import { native } from '#lib/launch/native.js';

/** Opens one. Gives its number, and when it has ended. */
export function listen(
  channel: Channel,
  notice: LineListener['notice'],
): readonly [number: number, ended: Promise<Error | undefined>] {
  let opened: ReturnType<typeof channel.open> | undefined;
  const ended = new Promise<Error | undefined>((resolve) => {
    opened = channel.open({ notice, lineEnded: resolve });
  });
  assert.ok(opened !== undefined);
  native().close(opened.theirs);
  return [opened.line.supervisor, ended];
}
