/** Reads a log as a stream, which waits for nobody and for which nobody waits. */

import { Readable } from 'node:stream';
import { abortSignal, boolean, knownOptions, object, oneOf } from '../definition/checks.js';
import type { Log, LogListener, OutputStream } from './log.js';

/** Options of {@link RunningContainer.logs}. */
export interface LogsOptions {
  /**
   * Goes on with what comes, to the end of the main command. Default: `false`, what has come until now; once the
   * command has ended, all of it.
   */
  readonly follow?: boolean | undefined;
  /** One of the streams alone. Default: both, in the order in which Node has received them. */
  readonly stream?: OutputStream | undefined;
  /** Destroys the stream when it is aborted, with the signal's reason as its error. */
  readonly signal?: AbortSignal | undefined;
}

/** What is copied out of the log at a time. */
const PIECE_BYTES = 65_536;

/**
 * What a container's main command has written, from {@link RunningContainer.logs}: a stream of bytes, oldest first. The
 * command never waits for it. Who reads more slowly than the command writes misses what was dropped meanwhile:
 * `missedBytes` says how much, and the event `missed` when.
 */
export class LogStream extends Readable {
  readonly #log: Log;
  readonly #only: OutputStream | undefined;
  /** The position up to which it reads; `undefined`: to the end. */
  readonly #end: number | undefined;
  /** How many bytes there were up to there. */
  readonly #total: number;
  readonly #listener: LogListener;
  #position = 0;
  #given = 0;
  #missed = 0;
  #waits = false;

  /** @internal */
  constructor(log: Log, { follow, stream, signal }: LogsOptions) {
    super();
    this.#log = log;
    this.#only = stream;
    // All that a command has written counts once it has ended, also where Node has still to receive it.
    const goesOn = follow === true || log.isEnding;
    this.#end = goesOn ? undefined : log.written;
    this.#total = goesOn ? Number.POSITIVE_INFINITY : log.total(stream);
    const woken = (): void => this.#wake();
    this.#listener = { written: woken, ended: woken };
    if (this.#end === undefined) log.listen(this.#listener);
    if (signal !== undefined) this.#endBy(signal);
  }

  /**
   * Bytes that this stream lacks so far: those that were dropped before it began, and those that were dropped before it
   * was read so far. 0: it has everything from the first byte on. Each time it grows there is an event `missed`, with
   * the number.
   */
  get missedBytes(): number {
    return this.#missed;
  }

  override _read(): void {
    this.#waits = false;
    const [log, only, end = log.written] = [this.#log, this.#only, this.#end];
    if (this.#position < log.first) this.#skip();
    const { bytes, next } = log.read(this.#position, only, PIECE_BYTES, end);
    this.#position = next;
    this.#given += bytes.length;
    if (bytes.length > 0) this.push(bytes);
    else if (this.#end !== undefined || log.isEnded) this.push(null);
    else this.#waits = true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#log.unlisten(this.#listener);
    callback(error);
  }

  /** All of it that came before the oldest byte that is kept was given, or is lacking. */
  #skip(): void {
    this.#position = this.#log.first;
    const missed = Math.min(this.#log.dropped(this.#only), this.#total) - this.#given;
    if (missed <= this.#missed) return;
    this.#missed = missed;
    this.emit('missed', missed);
  }

  /** In a tick of its own: what a listener throws is not thrown at who reads the pipe. */
  #wake(): void {
    if (!this.#waits) return;
    this.#waits = false;
    process.nextTick(() => {
      if (!this.destroyed) this._read();
    });
  }

  #endBy(signal: AbortSignal): void {
    const abort = (): void => {
      this.destroy(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', abort));
  }
}

/** @throws TypeError naming the option; the reason of a signal that is aborted already. */
export function openLog(log: Log, options: LogsOptions = {}): LogStream {
  object('options', options);
  knownOptions('logs()', options, ['follow', 'stream', 'signal']);
  const { follow = false, stream, signal } = options;
  boolean('follow', follow);
  if (stream !== undefined) oneOf('stream', stream, ['stdout', 'stderr']);
  abortSignal('signal', signal);
  signal?.throwIfAborted();
  return new LogStream(log, options);
}
