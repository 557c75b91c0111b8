/**
 * What a command has written, as far as it is kept: the last bytes of both streams, in the order in which they came.
 * Positions count all bytes that ever came, so who reads knows what it lacks.
 */

export type OutputStream = 'stdout' | 'stderr';

/** Who is told of a log, at once and in the same turn. */
export interface LogListener {
  /** More has come, which is kept already. What a listener keeps for itself it copies. */
  written(stream: OutputStream, bytes: Buffer): void;
  /** Nothing follows. */
  ended(): void;
}

/** A piece of a log. */
export interface LogPiece {
  /** A copy. Empty where there is no more. */
  readonly bytes: Buffer;
  /** Where the next begins. */
  readonly next: number;
}

const STREAMS = ['stdout', 'stderr'] as const;
/** What the change from one stream to the other counts as: it is kept too. */
const MARK_BYTES = 8;
const FIRST_SIZE = 4096;
/** Marks that are no longer needed, before they are removed together. */
const MARKS_SPARED = 1024;

export class Log {
  readonly #most: number;
  /** A ring: the byte at a position is at that position modulo its length. It grows up to `most`. */
  #ring = Buffer.alloc(0);
  /** Positions: of the oldest byte that is kept, and of the next that comes. */
  #first = 0;
  #written = 0;
  /** Where each run of bytes of one stream begins: twice its position, and one more where it is standard error. */
  #marks: number[] = [];
  /** Which of the runs has the oldest byte. */
  #head = 0;
  readonly #came: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  readonly #dropped: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  readonly #listeners = new Set<LogListener>();
  #ending = false;
  #ended = false;

  /** @param mostBytes What is kept; a change of the stream counts as 8 bytes. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** The position of the oldest byte that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The position that the next byte will have. */
  get written(): number {
    return this.#written;
  }

  /** Whether nothing follows. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** How many bytes came, kept or not. */
  total(stream: OutputStream | undefined): number {
    return stream === undefined ? this.#written : this.#came[stream];
  }

  /** How many bytes came before the oldest one that is kept. */
  dropped(stream: OutputStream | undefined): number {
    return stream === undefined ? this.#first : this.#dropped[stream];
  }

  append(stream: OutputStream, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const begin = this.#written;
    const last = this.#marks.at(-1);
    if (last === undefined || streamOf(last) !== stream) this.#marks.push(begin * 2 + STREAMS.indexOf(stream));
    this.#written += bytes.length;
    this.#came[stream] += bytes.length;
    this.#drop();
    this.#store(bytes.subarray(Math.max(0, this.#first - begin)), Math.max(this.#first, begin));
    for (const listener of this.#listeners) listener.written(stream, bytes);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const listener of this.#listeners) listener.ended();
  }

  /** Whether what follows, if anything does, is on its way already. */
  get isEnding(): boolean {
    return this.#ending || this.#ended;
  }

  /** Who writes it has ended. */
  beginEnd(): void {
    this.#ending = true;
  }

  /** Resolves when nothing follows. */
  whenEnded(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) resolve();
      else this.listen({ written: () => {}, ended: resolve });
    });
  }

  listen(listener: LogListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: LogListener): void {
    this.#listeners.delete(listener);
  }

  /** Copies what is kept from `position` on, of one stream or both, up to `mostBytes` and before `end`. */
  read(position: number, stream: OutputStream | undefined, mostBytes: number, end = this.#written): LogPiece {
    const pieces: Buffer[] = [];
    let [at, size] = [Math.max(position, this.#first), 0];
    for (let run = this.#runAt(at); at < end && size < mostBytes; run += 1) {
      const until = Math.min(this.#endOf(run), end);
      if (stream === undefined || streamOf(this.#marks[run] ?? 0) === stream) {
        const count = Math.min(until - at, mostBytes - size);
        this.#copy(at, at + count, pieces);
        size += count;
        at += count;
      } else {
        at = until;
      }
    }
    return { bytes: Buffer.concat(pieces, size), next: at };
  }

  /** Has `listener` told of all that is kept, as if it came now, and of what comes. */
  replay(listener: LogListener): void {
    for (let at = this.#first, run = this.#head; at < this.#written; run += 1) {
      const [begin, until] = [at, this.#endOf(run)];
      at = until;
      const pieces: Buffer[] = [];
      this.#copy(begin, until, pieces);
      listener.written(streamOf(this.#marks[run] ?? 0), Buffer.concat(pieces));
    }
    if (this.#ended) listener.ended();
    else this.listen(listener);
  }

  /** The last bytes of both streams. */
  tail(mostBytes: number): Buffer {
    return this.read(this.#written - mostBytes, undefined, mostBytes).bytes;
  }

  /** Lets go of the oldest bytes, as many as are too many. */
  #drop(): void {
    for (;;) {
      const over = this.#written - this.#first + MARK_BYTES * (this.#marks.length - 1 - this.#head) - this.#most;
      if (over <= 0) break;
      const until = this.#endOf(this.#head);
      const count = Math.min(over, until - this.#first);
      this.#dropped[streamOf(this.#marks[this.#head] ?? 0)] += count;
      this.#first += count;
      if (this.#first === until) this.#head += 1;
    }
    if (this.#head < MARKS_SPARED || this.#head * 2 < this.#marks.length) return;
    this.#marks = this.#marks.slice(this.#head);
    this.#head = 0;
  }

  #store(bytes: Buffer, position: number): void {
    this.#grow(position);
    const at = position % this.#ring.length;
    const copied = bytes.copy(this.#ring, at);
    bytes.copy(this.#ring, 0, copied);
  }

  /** Makes room for all that is to be kept. `filled`: the position up to which it is there. */
  #grow(filled: number): void {
    const kept = this.#written - this.#first;
    if (kept <= this.#ring.length) return;
    const pieces: Buffer[] = [];
    this.#copy(this.#first, filled, pieces);
    const size = Math.min(this.#most, Math.max(FIRST_SIZE, 2 ** Math.ceil(Math.log2(kept))));
    this.#ring = Buffer.allocUnsafeSlow(size);
    let at = this.#first % size;
    for (const piece of pieces) {
      const copied = piece.copy(this.#ring, at);
      piece.copy(this.#ring, 0, copied);
      at = (at + piece.length) % size;
    }
  }

  /** Copies bytes out of the ring: one piece, or two where they go round. */
  #copy(begin: number, end: number, ret: Buffer[]): void {
    if (begin >= end) return;
    const [from, count] = [begin % this.#ring.length, end - begin];
    const piece = Buffer.from(this.#ring.subarray(from, from + count));
    ret.push(piece);
    if (piece.length < count) ret.push(Buffer.from(this.#ring.subarray(0, count - piece.length)));
  }

  /** The number of the run that a position is in. */
  #runAt(position: number): number {
    let [low, high] = [this.#head, this.#marks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (positionOf(this.#marks[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #endOf(run: number): number {
    const next = this.#marks[run + 1];
    return next === undefined ? this.#written : positionOf(next);
  }
}

/** Not by shifts: positions may have more than 32 bits. */
function positionOf(mark: number): number {
  return Math.floor(mark / 2);
}

function streamOf(mark: number): OutputStream {
  return mark % 2 === 0 ? 'stdout' : 'stderr';
}
