/** What carrel's errors have in common, and a command's end as an error. */

/** The base of all errors of carrel's own. */
export class CarrelError extends Error {
  override readonly name: string = 'CarrelError';
  /** For programs: `ERR_…`, or the name of the kernel's error, as Node's system errors have it. */
  readonly code: string;
  /** What most likely helps. */
  declare readonly hint?: string;

  constructor(code: string, message: string, hint?: string) {
    super(hint === undefined ? message : `${message}\n  hint: ${hint}`);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }
}

/**
 * A container did not become ready, by the conditions of `start()` or `waitFor()`. After `start()` nothing is left of
 * it; after `waitFor()` it goes on, unless it has ended.
 */
export class ReadyError<Result = unknown> extends CarrelError {
  override readonly name: string = 'ReadyError';
  declare readonly code: 'ERR_NOT_READY';
  /**
   * Why: the container has `ended`, its time was up (`timeout`), or a condition has `failed`, which is the `cause`: a
   * function rejected, or a command cannot be executed.
   */
  readonly reason: 'ended' | 'timeout' | 'failed';
  /**
   * The last 64 KiB of what the main command has written, of what is kept. The message has its last lines. Empty
   * without `stdio: 'log'`.
   */
  readonly output: string;
  /** How it ended; `undefined` unless the reason is `ended`. */
  readonly result: Result | undefined;

  constructor(
    message: string,
    { reason, output, result }: Pick<ReadyError<Result>, 'reason' | 'output' | 'result'>,
    options?: { readonly cause: unknown },
  ) {
    super('ERR_NOT_READY', message);
    this.reason = reason;
    this.output = output;
    this.result = result;
    if (options !== undefined) this.cause = options.cause;
  }
}

/** With `check: true`, a command ended otherwise than with exit code 0, or wrote more than `maxOutput`. */
export class ExitError<Result = unknown> extends CarrelError {
  override readonly name: string = 'ExitError';
  /** The whole result, output included. Where a `signal` has ended the command, its reason is the `cause`. */
  readonly result: Result;

  constructor(message: string, result: Result, options?: { readonly cause: unknown }) {
    super('ERR_EXIT', message);
    this.result = result;
    if (options !== undefined) this.cause = options.cause;
  }
}
