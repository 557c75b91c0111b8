/** A tree of the host, to be compared with what it was before. */

import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';

/** One byte a character: names and links are bytes, and need not be UTF-8. */
const BYTES = 'latin1';

/**
 * Names, contents, owners, modes, inodes, and the times of the last change, of all that is in a directory, as lines.
 * Links are not followed. What nobody may look into is described from the outside. `times: false` leaves times out.
 */
export function describeTree(path: string, { times = true }: { readonly times?: boolean } = {}): readonly string[] {
  const root = Buffer.from(path).toString(BYTES);
  return ['.', ...namesIn(root, '').sort()].map((name) => {
    const at = Buffer.from(`${root}/${name}`, BYTES);
    const stat = lstatSync(at);
    const { mode, uid, gid, mtimeMs, ctimeMs, ino, rdev } = stat;
    const changed = times ? [mtimeMs, ctimeMs] : [];
    return [name, mode, uid, gid, ...changed, ino, rdev, contentOf(at, stat)].join(' ');
  });
}

/** Of large files, which are programs here, the times have to do. */
function contentOf(at: Buffer, stat: Stats): string {
  if (stat.isSymbolicLink()) return readlinkSync(at, { encoding: BYTES });
  if (!stat.isFile() || stat.size >= 10_000) return '';
  return allowed(() => readFileSync(at, 'utf8'), '');
}

function namesIn(root: string, below: string): string[] {
  const path = Buffer.from(`${root}/${below}`, BYTES);
  const entries = allowed(() => readdirSync(path, { withFileTypes: true, encoding: 'buffer' }), []);
  return entries.flatMap((entry) => {
    const name = `${below}${entry.name.toString(BYTES)}`;
    return entry.isDirectory() ? [name, ...namesIn(root, `${name}/`)] : [name];
  });
}

/** What `read` gives, `other` where its mode forbids it. */
function allowed<Value>(read: () => Value, other: Value): Value {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return other;
  }
}
