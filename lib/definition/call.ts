/** What a caller asks to be run, by the arguments of `spawn()`, `run()`, `start()`, `plan()` and `explain()`. */

import { inspect } from 'node:util';
import { contradiction, invalidType, withRemedy } from '../errors/errors.js';
import { type Words, wordsOf } from './words.js';

/** A command as it was given: its arguments and options are checked where it is started. */
export interface GivenCall<Options> {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Options;
}

/** The same, where the file may have been left out: there are no arguments then. */
export type GivenStart<Options> = Omit<GivenCall<Options>, 'file'> & { readonly file: string | undefined };

/** What may be left out: the arguments, where options follow. */
type GivenArguments<Options> = readonly string[] | Options | null | undefined;

/**
 * As `child_process` takes them. Without a file the container's `own` words are the command; without these it is
 * `fallback`.
 *
 * @throws TypeError where there is nothing to run.
 */
export function callOf<Options extends object>(
  method: string,
  own: Words | undefined,
  file: string | Options | undefined,
  args: GivenArguments<Options>,
  options: Options | undefined,
  fallback?: string,
): GivenCall<Options> {
  const call = givenCall(method, file, args, options);
  if (call.file !== undefined) return { ...call, file: call.file };
  const [first = fallback, ...rest] = own === undefined ? [] : wordsOf(own);
  if (first !== undefined) return { ...call, file: first, args: rest };
  const without = own === undefined ? '' : ', where the container has no command() and no entrypoint()';
  const error = invalidType('file', `the name or path of a program${without}`, undefined);
  throw withRemedy(error, `${method}('ls', ['-l'])`);
}

/** What was given: the arguments may be left out where options follow, and the file with them. */
export function givenCall<Options extends object>(
  method: string,
  file: string | Options | undefined,
  args: GivenArguments<Options>,
  options: Options | undefined,
): GivenStart<Options> {
  if (Array.isArray(file)) {
    const [name, ...rest] = file;
    throw withRemedy(invalidType('file', 'a string', file), `${method}(${inspect(name)}, ${inspect(rest)})`);
  }
  if (file !== null && typeof file === 'object' && args === undefined && options === undefined)
    return { file: undefined, args: [], options: file };
  if (typeof args === 'string') {
    const words = [args, options].filter((word: unknown) => typeof word === 'string');
    throw withRemedy(
      invalidType('args', 'an array of strings', args),
      `${method}(${inspect(file)}, ${inspect(words)})`,
    );
  }
  const isLeftOut = args !== null && typeof args === 'object' && !Array.isArray(args) && options === undefined;
  const [list, rest] = isLeftOut ? [[], args as Options] : [args ?? [], options ?? ({} as Options)];
  if (file === undefined && args !== undefined && args !== null && !isLeftOut)
    throw contradiction(`args are those of a file, and ${method}() has none. Write command(…) for those of its own`);
  return { file: file as string | undefined, args: list as readonly string[], options: rest };
}
