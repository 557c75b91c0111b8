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

/** With `check: true`, a command ended otherwise than with exit code 0, or wrote more than `maxOutput`. */
export class ExitError<Result = unknown> extends CarrelError {
  override readonly name: string = 'ExitError';
  /** The whole result, output included. */
  readonly result: Result;

  constructor(message: string, result: Result) {
    super('ERR_EXIT', message);
    this.result = result;
  }
}
