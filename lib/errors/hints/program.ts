/** The program: whether it exists and the user can execute it. */

import type { Condition, Hint } from './hint.js';

const isThere: Condition = { words: 'of a file that is there', holds: ({ found }) => found === true };
const byName: Condition = {
  words: 'by its name',
  holds: ({ step }) => step?.op === 'exec' && step.args[0]?.includes('/') === false,
};
const oneText: Condition = {
  words: 'of a name with spaces, without arguments',
  holds: ({ step }) => step?.op === 'exec' && step.args.length === 1 && /\S\s+\S/.test(step.args[0] ?? ''),
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
    text: '{path} exists, but the interpreter of its #! line, or the loader that it needs, does not',
  },
  {
    op: 'exec',
    error: 'ENOENT',
    when: oneText,
    text:
      'all of it was looked for as the name of one program: give arguments as a list, run("ls", ["-la", "/"]), or ' +
      'ask a shell, run("sh", ["-c", "ls -la /"])',
  },
  { op: 'exec', error: 'ENOENT', when: byName, text: 'no such program in {searched}' },
  { op: 'exec', error: 'ENOENT', text: 'no such file in the container' },
  { op: 'exec', error: 'ENOTDIR', text: '{path} leads through a file in the container' },
  { op: 'exec', error: 'ENOEXEC', text: 'it is neither a program for this architecture nor a script with a #! line' },
  {
    op: 'exec',
    error: 'EACCES',
    text:
      'this user cannot execute the file: see chmod +x, whether its file system is mounted noexec, ' +
      'with landlock() whether execute lists it, its loader and its interpreter, ' +
      'with apparmor() and selinux() whether the policy lets it be executed',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    when: tooLong,
    text: 'one argument or variable holds up to 128 KiB: pass more on standard input, or in a file',
  },
  {
    op: 'exec',
    error: 'E2BIG',
    text:
      'arguments and environment together hold up to a quarter of the stack’s limit (getconf ARG_MAX): ' +
      'pass more on standard input',
  },
  {
    op: 'exec',
    error: 'EPERM',
    text:
      'a seccomp profile, or a security module of the host, refuses {syscall}: see seccomp(). Where the caller is ' +
      'under an AppArmor profile, no new privileges allow a stacked one only: apparmor("&NAME")',
  },
  {
    op: 'exec',
    error: 'EAGAIN',
    text:
      'the user of the command has more processes than its limit: raise rlimits({ nproc }), or RLIMIT_NPROC of the ' +
      'caller (ulimit -u)',
  },
  { op: 'exec', error: 'ETXTBSY', text: 'another process has the program open for writing' },
];
