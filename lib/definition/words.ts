/** What a container runs where the caller names no program: words, in two parts, as images have them. */

import { invalidType, invalidValue, withRemedy } from '../errors/errors.js';
import { array, text } from './checks.js';

/** The two parts, of which either may be missing. */
export interface Words {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** The words of a call, whose `undefined` takes back what was set. */
export function givenWords(words: readonly string[] | readonly [undefined]): readonly string[] | undefined {
  return words.length === 1 && words[0] === undefined ? undefined : (words as readonly string[]);
}

export function checkEntrypoint(value: unknown): readonly string[] {
  const words = checkWords('entrypoint', value);
  if (words[0] === '') throw invalidValue('entrypoint[0]', 'the name or path of a program', words[0]);
  return words;
}

export function checkWords(name: string, value: unknown): readonly string[] {
  const [list] = Array.isArray(value) ? value : [];
  if (Array.isArray(list)) {
    const words = list.map((word) => JSON.stringify(word)).join(', ');
    throw withRemedy(invalidType(`${name}[0]`, 'a string', list), `${name}(${words})`);
  }
  return array(name, value).map((word, index) => text(`${name}[${index}]`, word));
}

/** All of them, the program first. */
export function wordsOf({ entrypoint = [], command = [] }: Words): readonly string[] {
  return [...entrypoint, ...command];
}
