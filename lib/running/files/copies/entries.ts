/** What a copy consists of, wherever it comes from and goes to. */

import type { Stat } from '../../../plan/serving-bytes.js';
import type { Side } from './side.js';

/** When something was read and changed last: seconds since 1970, and nanoseconds. */
export type Times = Pick<Stat, 'atimeS' | 'atimeNs' | 'mtimeS' | 'mtimeNs'>;

/** An entry's path below what is copied, without a slash at either end; that of the whole is empty. */
interface Placed {
  readonly path: Buffer;
}

export interface DirectoryEntry extends Placed, Times {
  readonly kind: 'directory';
  readonly mode: number;
}

/** A file whose content is at hand. */
export interface SmallFile extends Placed, Times {
  readonly kind: 'small';
  readonly mode: number;
  readonly content: Buffer;
}

/** A file that is open at a server, and is copied before the next entry is asked for. */
export interface OpenFile extends Placed, Times {
  readonly kind: 'open';
  readonly mode: number;
  readonly size: number;
  readonly side: Side;
  readonly slot: number;
}

/** A file whose content comes piece by piece. */
export interface StreamedFile extends Placed, Times {
  readonly kind: 'streamed';
  readonly mode: number;
  readonly content: AsyncIterable<Buffer>;
}

export interface LinkEntry extends Placed, Times {
  readonly kind: 'link';
  readonly target: Buffer;
}

/** Another name of what was copied before. */
export interface HardLink extends Placed {
  readonly kind: 'hard link';
  readonly target: Buffer;
}

export type Entry = DirectoryEntry | SmallFile | OpenFile | StreamedFile | LinkEntry | HardLink;

const SLASH = Buffer.from('/');

export function below(path: Buffer, name: Buffer): Buffer {
  return path.length === 0 ? name : Buffer.concat([path, SLASH, name]);
}
