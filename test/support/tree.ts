/** A tree of the host, to be compared with what it was before. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names, contents, owners, modes, inodes, and the times of the last change, of all that is in a directory, as lines.
 * Links are not followed.
 */
export function describeTree(path: string): readonly string[] {
  return ['.', ...namesIn(path, '').sort()].map((name) => {
    const at = join(path, name);
    const stat = lstatSync(at);
    const { mode, uid, gid, mtimeMs, ctimeMs, ino, rdev } = stat;
    // Of large files, which are programs here, the times have to do.
    const small = stat.isFile() && stat.size < 10_000;
    const content = stat.isSymbolicLink() ? readlinkSync(at) : small ? readFileSync(at, 'utf8') : '';
    return [name, mode, uid, gid, mtimeMs, ctimeMs, ino, rdev, content].join(' ');
  });
}

function namesIn(path: string, below: string): string[] {
  return readdirSync(join(path, below), { withFileTypes: true }).flatMap((entry) => {
    const name = join(below, entry.name);
    return entry.isDirectory() ? [name, ...namesIn(path, name)] : [name];
  });
}
