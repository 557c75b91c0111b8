/** Waits for what becomes true by itself, and never without an end. */

import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing that is waited for takes long; an emulated machine is ten times slower. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 2;

/** What `look` gives as soon as it is neither `false` nor `undefined`. It is asked again and again. */
export async function until<Value>(look: () => Value | Promise<Value>): Promise<Exclude<Value, false | undefined>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen as Exclude<Value, false | undefined>;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${look}`);
    await sleep(PAUSE_MS);
  }
}
