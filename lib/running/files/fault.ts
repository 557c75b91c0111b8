/** What a server was refused, as Node's own functions tell of it. */

import { errorName, StepError } from '../../errors/errors.js';
import { errorText } from '../../errors/numbers.js';
import type { Answer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';

/** Which function of `node:fs` was asked for, and about what. */
export interface Asked {
  /** As Node names the system call. */
  readonly syscall: string;
  readonly path?: string | undefined;
  /** Of two paths the second. */
  readonly dest?: string | undefined;
  /** What it was about, where that is no path. */
  readonly address?: string | undefined;
}

/** The error of a list that was refused. */
export function faultOf({ error, done }: Answer, steps: readonly ServedStep[], asked: Asked): StepError {
  return fault(error, asked, steps, done);
}

/** The error of a refusal by `errno`. */
export function fault(
  errno: number,
  { syscall, path, dest, address }: Asked,
  steps: readonly ServedStep[] = [],
  index = 0,
): StepError {
  const about = [path, dest].flatMap((text) => (text === undefined ? [] : [`'${text}'`])).join(' -> ');
  const whole = [syscall, about, address ?? ''].filter((part) => part !== '').join(' ');
  const message = `${errorName(errno)}: ${errorText(errno)}, ${whole}`;
  const step = steps[index];
  const place = { list: 'steps', index, total: steps.length } as const;
  const refusal = { place, syscall, errno, uid: 0, ...(step === undefined ? {} : { step }) };
  const error = new StepError(path === undefined ? refusal : { ...refusal, path }, message, undefined);
  return dest === undefined ? error : Object.assign(error, { dest });
}
