/** What a directory holds, as far as its file system ever comes to an end. */

import { constants } from 'node:os';
import { type DirectoryEntry, readEntries } from '../../plan/serving-bytes.js';
import { fault } from './fault.js';
import type { Performer } from './servers.js';
import { ask, NOTHING } from './view.js';

const LENGTH = 512 * 1024;
/** So often in a row a directory may give `.` and `..` alone. One of FUSE may do so for ever. */
const BLANKS_MOST = 16;

/** Lists the directory that is open in a slot, from where it is, as many at a time as one answer has room for. */
export async function* listing(
  server: Performer,
  slot: number,
  path: string,
): AsyncGenerator<readonly DirectoryEntry[], void, undefined> {
  const asked = { syscall: 'scandir', path };
  for (let blanks = 0; blanks <= BLANKS_MOST; ) {
    const [chunk = NOTHING] = await ask(server, [{ op: 'getdents', slot, length: LENGTH }], asked);
    if (chunk.length === 0) return;
    const entries = readEntries(chunk);
    blanks = entries.length === 0 ? blanks + 1 : 0;
    yield entries;
  }
  throw fault(constants.errno.EIO, asked);
}
