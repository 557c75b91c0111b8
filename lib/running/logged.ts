/** Reads a command's output into a log, from its start to its end, whether or not anybody reads the log. */

import type { Duplex } from 'node:stream';
import { endOnceRead } from '../launch/drain.js';
import type { StdioChoice } from '../launch/stdio.js';
import { openDrained } from '../launch/streams.js';
import { Log, type OutputStream } from './log.js';

/** What of a stream lets Node end without it: Node's sockets have it. */
type Held = Duplex & { ref?(): unknown; unref?(): unknown };

export class LoggedOutput {
  readonly log: Log;
  /** What the command's standard descriptors are: no input, and pipes that are read here. */
  readonly stdio: readonly StdioChoice[];
  readonly #streams = new Set<Held>();

  /** @param mostBytes What is kept. */
  constructor(mostBytes: number) {
    this.log = new Log(mostBytes);
    this.stdio = [{ kind: 'ignore' }, this.#pipe('stdout'), this.#pipe('stderr')];
  }

  /** The command has ended: what it has written is still read, but nobody can hold the log open any more. */
  settle(): void {
    this.log.beginEnd();
    for (const stream of this.#streams) {
      stream.ref?.();
      endOnceRead(stream);
    }
    this.#endOnceClosed();
  }

  /** Gives up what was made for a command that will not run. */
  destroy(): void {
    for (const stream of this.#streams) stream.destroy();
    this.log.end();
  }

  #pipe(name: OutputStream): StdioChoice {
    return { kind: 'pipe', into: (descriptor) => this.#read(name, descriptor) };
  }

  #read(name: OutputStream, descriptor: number): void {
    const stream: Held = openDrained(descriptor, (bytes) => this.log.append(name, bytes));
    this.#streams.add(stream);
    // Who waits for the container, or does not, need not wait for this.
    stream.unref?.();
    // Nobody is told: what came until then is what there is.
    stream.on('error', () => stream.destroy());
    stream.once('close', () => {
      this.#streams.delete(stream);
      this.#endOnceClosed();
    });
  }

  #endOnceClosed(): void {
    if (this.#streams.size === 0) this.log.end();
  }
}
