/** A worker from the outside: a Node process of its own that measures on request. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Places, Sample } from './cases.js';
import type { Answer, Pace, Released, Request } from './worker.js';

/** What a worker holds: nothing, objects on V8's heap, or Buffers. */
export type MemoryKind = 'small' | 'objects' | 'buffers';

export class Measuring {
  readonly #process: ChildProcess;
  readonly kind: MemoryKind;
  /** What it was asked to hold. */
  readonly bytes: number;

  private constructor(worker: ChildProcess, kind: MemoryKind, bytes: number) {
    this.#process = worker;
    this.kind = kind;
    this.bytes = bytes;
  }

  /** Starts a worker and waits until it holds its memory. */
  static async start(kind: MemoryKind, bytes: number, places: Places): Promise<Measuring> {
    const path = fileURLToPath(new URL('worker.js', import.meta.url));
    const room = Math.ceil(bytes / 2 ** 20) * 2 + 512;
    const worker = fork(path, [kind, String(bytes), JSON.stringify(places)], {
      execArgv: [`--max-old-space-size=${room}`],
    });
    // A worker that is still filling its memory does not see that nobody waits for it any more.
    process.once('exit', () => worker.kill());
    await answerOf(worker);
    return new Measuring(worker, kind, bytes);
  }

  async measure(name: string, count: number, pace: Pace): Promise<readonly Sample[]> {
    const { samples = [] } = await this.#ask({ does: 'measure', name, count, pace }, name);
    return samples;
  }

  /** Starts `count` at once, and tells by how many milliseconds a timer was late at worst meanwhile. */
  async delay(name: string, count: number): Promise<number> {
    const { delayMs = Number.NaN } = await this.#ask({ does: 'delay', name, count }, name);
    return delayMs;
  }

  /** Has the worker hold so many idle containers, and tells how long those took that it started for that. */
  async hold(count: number): Promise<readonly Sample[]> {
    const { samples = [] } = await this.#ask({ does: 'hold', count }, `${count} idle containers`);
    return samples;
  }

  /** Ends the idle containers. */
  async release(): Promise<Released> {
    const { released } = await this.#ask({ does: 'release' }, 'the end of idle containers');
    if (released === undefined) throw new Error('a worker has not said how idle containers ended');
    return released;
  }

  /** Ends the worker, and waits until it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.disconnect();
    await gone;
  }

  async #ask(request: Request, what: string): Promise<Answer> {
    this.#process.send(request);
    const answer = await answerOf(this.#process);
    if (answer.error !== undefined) throw new Error(`${what}: ${answer.error}`);
    return answer;
  }
}

function answerOf(worker: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null, signal: string | null): void => {
      reject(new Error(`a worker ended with ${signal ?? `exit code ${code}`}`));
    };
    worker.once('exit', died);
    worker.once('message', (message) => {
      worker.off('exit', died);
      resolve(message as Answer);
    });
  });
}
