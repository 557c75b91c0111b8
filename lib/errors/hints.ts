/** The hint table: (step, error) → what most likely helps. Its rows are in the files below `hints/`, by subject. */

import { CLONE_HINTS } from './hints/clone.js';
import type { Hint } from './hints/hint.js';
import { ID_HINTS } from './hints/ids.js';
import { MOUNT_HINTS } from './hints/mounts.js';
import { NAMESPACE_HINTS } from './hints/namespaces.js';
import { PROCESS_HINTS } from './hints/process.js';
import { PROGRAM_HINTS } from './hints/program.js';
import { errorName } from './numbers.js';
import type { Refusal } from './refusal.js';

/** The first that fits is the hint: the particular stands above the general. */
export const HINTS: readonly Hint[] = [
  ...CLONE_HINTS,
  ...ID_HINTS,
  ...NAMESPACE_HINTS,
  ...MOUNT_HINTS,
  ...PROCESS_HINTS,
  ...PROGRAM_HINTS,
  {
    op: 'any',
    error: 'ENOSYS',
    text: 'carrel needs Linux 5.15: this kernel is older and lacks {syscall}, or an outer sandbox filters it',
  },
];

/** The hint for a refused step, if the table has one. */
export function hintFor(refusal: Refusal): string | undefined {
  const found = HINTS.find((hint) => fits(hint, refusal));
  return found?.text.replace(/\{(\w+)\}/g, (whole, name: string) => fieldOf(refusal, name) ?? whole);
}

function fits({ op, error, syscall, when }: Hint, refusal: Refusal): boolean {
  const refused = refusal.place.list === 'clone' ? 'clone' : refusal.step?.op;
  return (
    (op === 'any' || op === refused) &&
    error === errorName(refusal.errno) &&
    (syscall === undefined || syscall === refusal.syscall) &&
    (when?.holds(refusal) ?? true)
  );
}

function fieldOf({ path, step, syscall }: Refusal, name: string): string | undefined {
  if (name === 'path') return path;
  if (name === 'syscall') return syscall;
  // Where a program was looked for: the directories of PATH.
  if (name === 'searched' && step?.op === 'exec')
    return step.paths.map((file) => file.slice(0, Math.max(0, file.lastIndexOf('/'))) || '.').join(':');
  const value = (step as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined ? undefined : String(value);
}
