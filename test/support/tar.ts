/** Tar archives, entry by entry. */

import { padding, type TarHeader, writeHeader } from '#lib/running/files/copies/tar-header.js';

const NOTHING = Buffer.alloc(0);

/** An entry of an archive, whatever it says. */
export function tarEntry(
  type: string,
  path: string,
  content: string | Buffer = '',
  other: Partial<TarHeader> = {},
): Buffer {
  const size = Buffer.byteLength(content);
  const times = { atimeS: 5, atimeNs: 0, mtimeS: 5, mtimeNs: 0 };
  const base = { type, path: Buffer.from(path), target: NOTHING, mode: 0o644, uid: 0, gid: 0, size, ...times };
  return Buffer.concat([writeHeader({ ...base, ...other }), Buffer.from(content), padding(size)]);
}
