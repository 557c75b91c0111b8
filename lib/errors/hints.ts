/** The hint table: (step, error) → what most likely helps. Its rows are in the files below `hints/`, by subject. */

import { isWithin } from '../plan/paths.js';
import { ANY_HINTS } from './hints/any.js';
import { CLONE_HINTS } from './hints/clone.js';
import type { Hint } from './hints/hint.js';
import { ID_HINTS } from './hints/ids.js';
import { LABEL_HINTS } from './hints/labels.js';
import { LANDLOCK_HINTS } from './hints/landlock.js';
import { MOUNT_HINTS } from './hints/mounts.js';
import { NAMESPACE_HINTS } from './hints/namespaces.js';
import { NETWORK_HINTS } from './hints/network.js';
import { PROCESS_HINTS } from './hints/process.js';
import { PROGRAM_HINTS } from './hints/program.js';
import { errorName } from './numbers.js';
import type { Refusal } from './refusal.js';

/** The first that fits is the hint: the particular stands above the general. */
export const HINTS: readonly Hint[] = [
  ...CLONE_HINTS,
  ...ID_HINTS,
  ...NAMESPACE_HINTS,
  ...NETWORK_HINTS,
  ...MOUNT_HINTS,
  ...PROCESS_HINTS,
  ...PROGRAM_HINTS,
  ...LANDLOCK_HINTS,
  ...LABEL_HINTS,
  ...ANY_HINTS,
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

function fieldOf(refusal: Refusal, name: string): string | undefined {
  const { path, step, syscall } = refusal;
  if (name === 'path') return path;
  if (name === 'unmapped') return unmapped(refusal);
  if (name === 'syscall') return syscall;
  // Where a program was looked for: the directories of PATH.
  if (name === 'searched' && step?.op === 'exec')
    return step.paths.map((file) => file.slice(0, Math.max(0, file.lastIndexOf('/'))) || '.').join(':');
  const value = (step as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined ? undefined : String(value);
}

/** File systems whose owners the kernel can show mapped; tmpfs only since Linux 6.3. mount_setattr(2) */
const MAPPED = ['btrfs', 'erofs', 'ext2', 'ext3', 'ext4', 'f2fs', 'ntfs3', 'squashfs', 'vfat', 'xfs'];
const NAMED_MOST = 3;

/** The mounts of a tree that cannot be shown mapped, most likely; in brackets, or nothing. */
function unmapped({ path = '/', mounts = () => [] }: Refusal): string {
  const all = mounts();
  const around = all.filter((mount) => isWithin(path, mount.path)).sort((a, b) => a.path.length - b.path.length);
  const tree = [...around.slice(-1), ...all.filter((mount) => mount.path !== path && isWithin(mount.path, path))];
  const found = tree.filter(({ type }) => !MAPPED.includes(type)).map((mount) => `${mount.type} on ${mount.path}`);
  const more = found.length > NAMED_MOST ? ` and ${found.length - NAMED_MOST} more` : '';
  return found.length === 0 ? '' : ` (${found.slice(0, NAMED_MOST).join(', ')}${more})`;
}
