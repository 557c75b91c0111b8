/** The program: whether it is there and can be executed. */

import type { Condition, Hint } from './hint.js';

const isThere: Condition = { words: 'of a file that is there', holds: ({ found }) => found === true };
const byName: Condition = {
  words: 'by its name',
  holds: ({ step }) => step?.op === 'exec' && step.args[0]?.includes('/') === false,
};
const tooLong: Condition = {
  words: 'with one that is too long',
  // MAX_ARG_STRLEN, 32 pages with the NUL at the end. execve(2)
  holds: ({ step }) => step?.op === 'exec' && [...step.args, ...step.env].some((word) => word.length >= 131_072),
};

export const PROGRAM_HINTS: readonly Hint[] = [
  {
    op: 'exec',
    error: 'ENOENT',
    when: isThere,
    text: '{path} is there, but the interpreter of its #! line, or the loader that it is linked for, is not',
  },
  { op: 'exec', error: 'ENOENT', when: byName, text: 'no such program in {searched}' },
  { op: 'exec', error: 'ENOENT', text: 'no such file in the container' },
  { op: 'exec', error: 'ENOTDIR', text: '{path} leads through a file in the container' },
  { op: 'exec', error: 'ENOEXEC', text: 'it is no program for this architecture, or a script without a #! line' },
  {
    op: 'exec',
    error: 'EACCES',
    text: 'it is no file that this user may execute: see chmod +x, and that its file system is not mounted noexec',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    when: tooLong,
    text: 'one argument or variable holds 128 KiB at the most: pass it on standard input, or in a file',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    text: 'arguments and environment together may be a quarter of the stack’s limit (getconf ARG_MAX): pass them on standard input',
  },
  { op: 'exec', error: 'ETXTBSY', text: 'somebody has the program open for writing' },
];
