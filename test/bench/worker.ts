/**
 * A Node process in which cases are measured, holding memory: `worker.js KIND BYTES PLACES`.
 *
 * Asked over IPC, it measures and answers; it ends when its channel is closed.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { libraryOf, type Places, type Sample, type Subject, sampleOf, subjectOf } from './cases.js';

/**
 * How samples follow each other: each after a rest; each as soon as the one before has ended; or all at once, so that
 * only what the calls themselves take can be told.
 */
export type Pace = 'rested' | 'in a row' | 'at once';

export interface Request {
  readonly name: string;
  readonly count: number;
  readonly pace: Pace;
  /** Instead of samples: how late a timer is while so many are started. */
  readonly delay?: true;
}

/** The first answers no request: it says that the memory is filled. */
export interface Answer {
  readonly samples: readonly Sample[];
  readonly delayMs?: number;
  /** What went wrong; then there are no samples. */
  readonly error?: string;
}

/**
 * The rest: the kernel takes down the last one's namespaces by itself, after the process has been reaped, and carrel
 * makes a spare.
 */
const PAUSE_MS = 5;
const CHUNK = 65_536;

const [kind = 'small', bytes = '0', text = '{}'] = process.argv.slice(2);
const places = JSON.parse(text) as Places;
const library = await libraryOf(places);
const subjects = new Map<string, Subject>();
// Never read again, but reachable: a local variable would be collected.
export const held: readonly unknown[] = fill(Number(bytes));

process.on('message', ({ name, count, pace, delay }: Request) => {
  const result = delay === true ? late(name, count) : measure(name, count, pace).then((samples) => ({ samples }));
  void result.then(answer, (error: unknown) =>
    answer({ samples: [], error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The launcher and the addon stay, but keep nothing alive.
process.on('disconnect', () => process.exit());
answer({ samples: [] });

function answer(message: Answer): void {
  process.send?.(message);
}

async function late(name: string, count: number): Promise<Answer> {
  const subject = knownAs(name);
  await sampleOf(subject);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  // The monitor's timer has to be running before there is something to be late for.
  await sleep(20);
  histogram.reset();
  for (let number = 0; number < count; number += 1) {
    const end = sampleOf(subject);
    await sleep(5);
    await end;
  }
  histogram.disable();
  return { samples: [], delayMs: histogram.max / 1e6 };
}

function knownAs(name: string): Subject {
  const subject = subjects.get(name) ?? subjectOf(name, library, places);
  subjects.set(name, subject);
  return subject;
}

async function measure(name: string, count: number, pace: Pace): Promise<readonly Sample[]> {
  const subject = knownAs(name);
  const one = (): Promise<Sample> => sampleOf(subject);
  const samples: Sample[] = [];
  await sleep(PAUSE_MS);
  // The first of a batch pays for caches that others have filled meanwhile.
  if (pace === 'at once') return (await Promise.all(Array.from({ length: count + 1 }, one))).slice(1);
  for (let number = 0; number <= count; number += 1) {
    if (pace === 'rested') await sleep(PAUSE_MS);
    const sample = await one();
    if (number > 0) samples.push(sample);
  }
  return samples;
}

/**
 * Live data, each byte written. V8 keeps its heap out of forks (MADV_DONTFORK in madvise(2)); the memory of Buffers is
 * copied by every fork, page table by page table.
 */
function fill(size: number): readonly unknown[] {
  const chunks: unknown[] = [];
  if (kind === 'buffers') {
    for (let held = 0; held < size; held += CHUNK) chunks.push(Buffer.alloc(CHUNK, 1));
  } else if (kind === 'objects') {
    while (process.memoryUsage().heapUsed < size) {
      chunks.push(Array.from({ length: 10_000 }, (_, index) => ({ index, value: index + 0.5, name: `n${index}` })));
    }
  }
  return chunks;
}
