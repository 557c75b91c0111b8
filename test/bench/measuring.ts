/** A worker from the outside: a Node process of its own that measures on request. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CaseName, Places, Sample } from './cases.js';
import type { Answer, Request } from './worker.js';

export class Measuring {
  readonly #process: ChildProcess;
  readonly heapBytes: number;

  private constructor(process: ChildProcess, heapBytes: number) {
    this.#process = process;
    this.heapBytes = heapBytes;
  }

  /** Starts a worker and waits until its heap is filled. */
  static async start(heapBytes: number, places: Places): Promise<Measuring> {
    const path = fileURLToPath(new URL('worker.js', import.meta.url));
    const room = Math.ceil(heapBytes / 2 ** 20) * 2 + 512;
    const worker = fork(path, [String(heapBytes), JSON.stringify(places)], {
      execArgv: [`--max-old-space-size=${room}`],
    });
    const first = await answerOf(worker);
    return new Measuring(worker, first.heapBytes);
  }

  async measure(name: CaseName, count: number): Promise<readonly Sample[]> {
    const request: Request = { name, count };
    this.#process.send(request);
    const { samples, error } = await answerOf(this.#process);
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return samples;
  }

  /** Ends the worker, and waits until it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.disconnect();
    await gone;
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
