/** What a caller asks to be run, by the arguments of `spawn()`, `run()`, `plan()` and `explain()`. */

import { inspect } from 'node:util';
import { invalidType, withRemedy } from '../errors/errors.js';

/** A command as it was given: its arguments and options are checked where it is started. */
export interface GivenCall<Options> {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Options;
}

/** The same, where there may be none. */
export function startCallOf<Options extends object>(
  file: string | Options | undefined,
  args: readonly string[] | Options | null | undefined,
  options: Options | undefined,
): Omit<GivenCall<Options>, 'file'> & { readonly file: string | undefined } {
  if (typeof file === 'string' || Array.isArray(file)) return callOf('start', file as string, args, options);
  if (args !== undefined) throw invalidType('file', 'a string', file);
  return { file: undefined, args: [], options: file ?? ({} as Options) };
}

/** As `child_process` takes them: the arguments may be left out where options follow. */
export function callOf<Options extends object>(
  method: string,
  file: string,
  args: readonly string[] | Options | null | undefined,
  options: Options | undefined,
): GivenCall<Options> {
  if (Array.isArray(file)) {
    const [name, ...rest] = file;
    throw withRemedy(invalidType('file', 'a string', file), `${method}(${inspect(name)}, ${inspect(rest)})`);
  }
  if (typeof args === 'string') {
    const words = [args, options].filter((word: unknown) => typeof word === 'string');
    throw withRemedy(
      invalidType('args', 'an array of strings', args),
      `${method}(${inspect(file)}, ${inspect(words)})`,
    );
  }
  const isLeftOut = args !== null && typeof args === 'object' && !Array.isArray(args) && options === undefined;
  if (isLeftOut) return { file, args: [], options: args as Options };
  return { file, args: (args ?? []) as readonly string[], options: options === undefined ? ({} as Options) : options };
}
