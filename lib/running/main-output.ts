/** What becomes of a main command's output: it is kept, or is the caller's affair. */

import { bytes } from '../definition/checks.js';
import { contradiction } from '../errors/errors.js';
import type { StdioChoice, StdioOption } from '../launch/stdio.js';
import { Log } from './log.js';
import { type LogStream, type LogsOptions, openLog } from './log-stream.js';
import { LoggedOutput } from './logged.js';

const LOG_BYTES = '1m';
const LOG_MOST_BYTES = 1024 ** 3;

export class MainOutput {
  readonly #logged: LoggedOutput | undefined;
  /** What `logs()` reads; `undefined` where it is the caller's affair. */
  readonly #log: Log | undefined;
  /** The command's descriptors, as they are asked for. */
  readonly option: StdioOption | undefined;

  private constructor(logged: LoggedOutput | undefined, log: Log | undefined, option: StdioOption | undefined) {
    this.#logged = logged;
    this.#log = log;
    this.option = option;
  }

  /** Where there is no main command, nothing is ever written. */
  static get none(): MainOutput {
    const log = new Log(1);
    log.end();
    return new MainOutput(undefined, log, 'ignore');
  }

  /** @throws TypeError or RangeError naming the option. */
  static of(stdio: 'log' | StdioOption | undefined, logBytes: unknown, terminal: unknown): MainOutput {
    const hasTerminal = terminal !== undefined && terminal !== false;
    if (stdio === 'log' && hasTerminal)
      throw contradiction('stdio: "log" and terminal exclude each other: who has a terminal reads it');
    if (stdio !== 'log' && (stdio !== undefined || hasTerminal)) {
      if (logBytes !== undefined) throw contradiction('logBytes is for stdio: "log"');
      return new MainOutput(undefined, undefined, stdio);
    }
    const most = bytes('logBytes', logBytes ?? LOG_BYTES, LOG_MOST_BYTES);
    const logged = new LoggedOutput(most);
    return new MainOutput(logged, logged.log, ['ignore', 'pipe', 'pipe']);
  }

  /** Instead of what the options say; of the same kinds. */
  get choices(): readonly StdioChoice[] | undefined {
    return this.#logged?.stdio;
  }

  /** What a main command writes; `undefined` where none of it is kept. */
  get log(): Log | undefined {
    return this.#logged?.log;
  }

  /** Starts the command; where that throws, nothing of its output is left. */
  during<Value>(start: () => Value): Value {
    try {
      return start();
    } catch (error) {
      this.#logged?.destroy();
      throw error;
    }
  }

  /** It ends soon after the command, and at once where that could not be started. */
  endsWith(ended: Promise<unknown>): void {
    ended.then(
      () => this.#logged?.settle(),
      () => this.#logged?.destroy(),
    );
  }

  /** @throws TypeError where it is the caller's affair. */
  open(options: LogsOptions): LogStream {
    if (this.#log === undefined) throw contradiction('logs() needs a main command with stdio: "log"');
    return openLog(this.#log, options);
  }
}
