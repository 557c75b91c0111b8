/** The memory that this process holds: what the collector would find is not counted. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { until } from './waiting.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export function memoryHeld(): NodeJS.MemoryUsage {
  collect();
  return process.memoryUsage();
}

/** Waits until its buffers take less: V8 counts those that were let go of until a thread of its own has swept. */
export async function buffersBelow(bytes: number): Promise<void> {
  await until(() => memoryHeld().arrayBuffers < bytes);
}
