/** What a file is, as its mode says. inode(7) */

export type FileKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block' | 'character';

/** S_IF*. */
const MASK = 0o170000;
const KINDS: ReadonlyMap<number, FileKind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
  [0o060000, 'block'],
  [0o020000, 'character'],
]);
const PERMISSIONS = 0o7777;

/** `undefined` where the kernel has not said what it is. */
export function kindOfMode(mode: number): FileKind | undefined {
  return KINDS.get(mode & MASK);
}

/** With the bits of set-id and sticky. */
export function permissionsOf({ mode }: { readonly mode: number }): number {
  return mode & PERMISSIONS;
}
