/**
 * A Node process in which cases are measured, with a heap of a given size: `worker.js HEAP_BYTES PLACES`. Asked over IPC, it
 * measures and answers; it ends when its channel is closed.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CaseName, type Places, prepare, type Sample } from './cases.js';

export interface Request {
  readonly name: CaseName;
  readonly count: number;
}

/** To the first message there is no request: it says that the heap is filled. */
export interface Answer {
  readonly samples: readonly Sample[];
  readonly heapBytes: number;
  /** What went wrong; then there are no samples. */
  readonly error?: string;
}

/** Between two samples: the kernel takes down the last one's namespaces by itself, after the process has been reaped. */
const PAUSE_MS = 2;

const [heapBytes = '0', places = '{}'] = process.argv.slice(2);
const prepared = new Map<CaseName, () => Promise<Sample>>();
const heap = fill(Number(heapBytes));

process.on('message', ({ name, count }: Request) => {
  void measure(name, count).then(
    (samples) => answer(samples),
    (error: unknown) => answer([], error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
});
// The launcher and the addon stay, but keep nothing alive.
process.on('disconnect', () => process.exit());
answer([]);

function answer(samples: readonly Sample[], error?: string): void {
  const message: Answer = {
    samples,
    heapBytes: heap.length === 0 ? 0 : process.memoryUsage().heapUsed,
    ...(error && { error }),
  };
  process.send?.(message);
}

async function measure(name: CaseName, count: number): Promise<readonly Sample[]> {
  const once = prepared.get(name) ?? prepare(name, JSON.parse(places) as Places);
  prepared.set(name, once);
  const samples: Sample[] = [];
  // The first of a batch pays for caches that others have filled meanwhile.
  for (let number = 0; number <= count; number += 1) {
    await sleep(PAUSE_MS);
    const sample = await once();
    if (number > 0) samples.push(sample);
  }
  return samples;
}

/** Live data on the JavaScript heap, each number written: half in arrays of numbers, half in small objects. */
function fill(bytes: number): readonly unknown[] {
  const NUMBERS = 100_000;
  const OBJECTS = 10_000;
  const chunks: unknown[] = [];
  while (bytes > 0 && process.memoryUsage().heapUsed < bytes) {
    chunks.push(Array.from({ length: NUMBERS }, (_, index) => index + 0.5));
    chunks.push(
      Array.from({ length: OBJECTS }, (_, index) => ({ index, value: index + 0.5, next: null, name: `n${index}` })),
    );
  }
  return chunks;
}
