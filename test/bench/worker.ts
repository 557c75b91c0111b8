/**
 * A Node process in which cases are measured, holding memory: `worker.js KIND BYTES PLACES`.
 *
 * Asked over IPC, it measures and answers; it ends when its channel is closed.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { libraryOf, type Places, type Sample, type Subject, sampleOf, subjectOf } from './cases.js';
import { Idle } from './idle.js';

/**
 * How samples follow each other: each after a rest; each as soon as the one before has ended; or all at once, so that
 * only what the calls themselves take can be told.
 */
export type Pace = 'rested' | 'in a row' | 'at once';

/** What a worker does when it is asked. */
export type Request =
  | { readonly does: 'measure'; readonly name: string; readonly count: number; readonly pace: Pace }
  /** Tells how late a timer is while so many are started. */
  | { readonly does: 'delay'; readonly name: string; readonly count: number }
  /** Starts idle containers, one as soon as the one before runs, until there are so many. */
  | { readonly does: 'hold'; readonly count: number }
  /** Kills all that it holds. */
  | { readonly does: 'release' };

/** The first answers no request: it says that the memory is filled. */
export interface Answer {
  readonly samples?: readonly Sample[];
  readonly delayMs?: number;
  readonly released?: Released;
  /** What went wrong; then there is nothing else. */
  readonly error?: string;
}

/** How containers ended that were killed at once. */
export interface Released {
  /** Of each call of `kill()`. */
  readonly killNs: readonly number[];
  /** The longest turn of the event loop until the last had ended. */
  readonly longestTurnNs: number;
  /** From the first call to the end of the last container. */
  readonly wholeNs: number;
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
const idle = new Idle(library, places);
const subjects = new Map<string, Subject>();
// Never read again, but reachable: a local variable would be collected.
export const held: readonly unknown[] = fill(Number(bytes));

process.on('message', (request: Request) => {
  void answerTo(request).then(answer, (error: unknown) =>
    answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The launcher and the addon stay, but keep nothing alive.
process.on('disconnect', () => process.exit());
answer({});

async function answerTo(request: Request): Promise<Answer> {
  switch (request.does) {
    case 'measure':
      return { samples: await measure(request.name, request.count, request.pace) };
    case 'delay':
      return { delayMs: await late(request.name, request.count) };
    case 'hold':
      return { samples: await idle.hold(request.count) };
    case 'release':
      return { released: await idle.release() };
  }
}

function answer(message: Answer): void {
  process.send?.(message);
}

async function late(name: string, count: number): Promise<number> {
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
  return histogram.max / 1e6;
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
