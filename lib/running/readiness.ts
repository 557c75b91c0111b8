/** Waits until a container is ready: all its conditions are met, or one thing keeps them from it. */

import { abortSignal, knownOptions, milliseconds, object } from '../definition/checks.js';
import { notReady } from '../errors/errors.js';
import { type Looks, type Until, type Wait, waitFor } from './attempts.js';
import { type Condition, checkReady } from './ready.js';
import type { ExitStatus } from './result.js';
import { TIMER_MOST_MS } from './stop.js';
import { textOf } from './text.js';

/** Options of {@link RunningContainer.waitFor}. */
export interface WaitOptions {
  /** Milliseconds until it rejects, 0 to 2^31 − 1; 0 is without end. Default: 60,000. */
  readonly timeout?: number | undefined;
  /** Ends the wait when it is aborted; the container goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** A container that is to become ready. */
export interface Waiting<Container> {
  /** What is run in it, for messages. */
  readonly command: readonly string[];
  /** When it has ended; it never rejects. */
  readonly ended: Promise<ExitStatus>;
  readonly looks: Looks<Container>;
}

export interface Bounds {
  /** Milliseconds; 0 is without end. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;

/** How long is waited. */
export function checkWait(name: string, value: unknown): number {
  return milliseconds(name, value ?? WAIT_MS, 0, TIMER_MOST_MS);
}

/**
 * The arguments of {@link RunningContainer.waitFor}.
 *
 * @throws TypeError or RangeError naming the part; the reason of a signal that is aborted already.
 */
export function checkWaitFor<Container>(
  ready: unknown,
  options: WaitOptions,
  isKept: boolean,
): { readonly conditions: readonly Condition<Container>[]; readonly bounds: Bounds } {
  const conditions = checkReady<Container>('ready', ready, isKept);
  object('options', options);
  knownOptions('waitFor()', options, ['timeout', 'signal']);
  const { timeout, signal } = options;
  abortSignal('signal', signal);
  const timeoutMs = checkWait('timeout', timeout);
  signal?.throwIfAborted();
  return { conditions, bounds: { timeoutMs, signal } };
}

/** Why nobody waits any more. */
type Cause =
  | { readonly is: 'ended'; readonly result: ExitStatus }
  | { readonly is: 'timeout' }
  | { readonly is: 'aborted' }
  | { readonly is: 'failed'; readonly cause: unknown };

/** What an error has of the output. */
const OUTPUT_BYTES = 65_536;

/**
 * Resolves when all conditions are met. What it has started to look at the container is gone then, and also where it
 * rejects.
 *
 * @throws ReadyError; the reason of `signal`.
 */
export async function whenReady<Container>(
  conditions: readonly Condition<Container>[],
  waiting: Waiting<Container>,
  { timeoutMs, signal }: Bounds,
): Promise<void> {
  signal?.throwIfAborted();
  const { causes, until, stop, release } = watch(waiting.ended, timeoutMs, signal);
  const waits = conditions.map((condition) => waitFor(condition, waiting.looks, until));
  const met = await Promise.all(waits.map((wait) => metOr(wait, stop)));
  release();
  if (met.every(Boolean)) return;
  // The first of them ended the others.
  const [cause] = causes as [Cause];
  if (cause.is === 'aborted') throw signal?.reason;
  // It ends soon after the container.
  if (cause.is === 'ended') await waiting.looks.log?.whenEnded();
  throw notReady({
    command: waiting.command,
    reason: cause.is,
    lacks: waits.filter((_, index) => met[index] === false).map(({ lack }) => lack),
    timeoutMs,
    output: outputOf(waiting),
    result: cause.is === 'ended' ? cause.result : undefined,
    cause: cause.is === 'failed' ? cause.cause : undefined,
  });
}

async function metOr({ met }: Wait, stop: (cause: Cause) => void): Promise<boolean> {
  try {
    return await met;
  } catch (cause) {
    stop({ is: 'failed', cause });
    return false;
  }
}

interface Watch {
  /** In their order. */
  readonly causes: readonly Cause[];
  readonly until: Until;
  stop(cause: Cause): void;
  release(): void;
}

/** Ends a wait by the container's end, the time, or the caller's signal. */
function watch(ended: Promise<ExitStatus>, timeoutMs: number, signal: AbortSignal | undefined): Watch {
  const causes: Cause[] = [];
  const [stopped, over] = [new AbortController(), new AbortController()];
  const stop = (cause: Cause): void => {
    causes.push(cause);
    over.abort();
    // After its end, what the command has written still comes.
    if (cause.is !== 'ended') stopped.abort();
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(() => stop({ is: 'timeout' }), timeoutMs);
  const abort = (): void => stop({ is: 'aborted' });
  signal?.addEventListener('abort', abort, { once: true });
  void ended.then((result) => stop({ is: 'ended', result }));
  return {
    causes,
    until: { stopped: stopped.signal, over: over.signal },
    stop,
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** Without the end of a character whose beginning is missing. */
function outputOf<Container>({ looks: { log } }: Waiting<Container>): string {
  const bytes = log?.tail(OUTPUT_BYTES) ?? Buffer.alloc(0);
  let begin = 0;
  while (begin < 3 && ((bytes[begin] ?? 0) & 0xc0) === 0x80) begin += 1;
  return textOf(bytes.subarray(begin === bytes.length ? 0 : begin));
}
