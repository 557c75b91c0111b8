/** Counts the lines of a command's output that have what somebody waits for. */

import type { LogListener, OutputStream } from './log.js';
import { textOf } from './text.js';

const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);
/** A line that is longer counts as several: nobody keeps more of it. */
const LINE_MOST = 65_536;

/** Looks at one stream. */
interface Finder {
  /** How many more lines have it. */
  found(bytes: Buffer): number;
  /** The same, once no more bytes come. */
  foundAtEnd(): number;
}

/**
 * A text is found as soon as it is there, in a line that may still go on. A regular expression is tried on whole lines,
 * without their end: on a part it could fit by chance, by how the output comes. The last line is whole when all has
 * come.
 */
export class LineCounter implements LogListener {
  readonly #finders: Readonly<Record<OutputStream, Finder>>;
  readonly #most: number;
  readonly #full: (isFull: boolean) => void;
  #count = 0;

  /** @param full Called once: when so many lines were found, or when no more can come. */
  constructor(line: string | RegExp, times: number, full: (isFull: boolean) => void) {
    this.#finders = { stdout: finderOf(line), stderr: finderOf(line) };
    this.#most = times;
    this.#full = full;
  }

  /** How many lines were found. */
  get count(): number {
    return this.#count;
  }

  written(stream: OutputStream, bytes: Buffer): void {
    this.#add(this.#finders[stream].found(bytes));
  }

  ended(): void {
    const { stdout, stderr } = this.#finders;
    if (!this.#add(stdout.foundAtEnd() + stderr.foundAtEnd())) this.#full(false);
  }

  #add(more: number): boolean {
    const was = this.#count;
    this.#count += more;
    const isFull = this.#count >= this.#most;
    if (isFull && was < this.#most) this.#full(true);
    return isFull;
  }
}

function finderOf(line: string | RegExp): Finder {
  return typeof line === 'string' ? new TextFinder(line) : new PatternFinder(line);
}

/** By bytes: what is no UTF-8 beside it does not matter. */
class TextFinder implements Finder {
  readonly #text: Buffer;
  /** The end of a line that goes on: what the text may have begun in. */
  #rest: Buffer = EMPTY;
  /** It was found in the line that goes on. */
  #isFound = false;

  constructor(text: string) {
    this.#text = Buffer.from(text);
  }

  found(more: Buffer): number {
    const bytes = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    let [count, at] = [0, 0];
    for (;;) {
      if (this.#isFound) {
        const end = bytes.indexOf(NEWLINE, at);
        if (end === -1) break;
        this.#isFound = false;
        at = end + 1;
      }
      const begin = bytes.indexOf(this.#text, at);
      if (begin === -1) break;
      count += 1;
      this.#isFound = true;
      at = begin + this.#text.length;
    }
    // A text has no newline, so what is before one cannot be its beginning; a longer rest does no harm.
    this.#rest = this.#isFound
      ? EMPTY
      : Buffer.from(bytes.subarray(Math.max(at, bytes.length - this.#text.length + 1)));
    return count;
  }

  foundAtEnd(): number {
    return 0;
  }
}

class PatternFinder implements Finder {
  readonly #pattern: RegExp;
  /** The beginning of a line that goes on. */
  #rest: Buffer[] = [];
  #restLength = 0;

  constructor({ source, flags }: RegExp) {
    // A copy: it remembers where it was, and the caller's may be in use.
    this.#pattern = new RegExp(source, flags);
  }

  found(bytes: Buffer): number {
    const end = bytes.lastIndexOf(NEWLINE);
    if (end === -1) return this.#keep(bytes);
    const lines = textOf(Buffer.concat([...this.#rest, bytes.subarray(0, end)])).split('\n');
    this.#forget();
    return lines.filter((line) => this.#fits(line)).length + this.#keep(bytes.subarray(end + 1));
  }

  foundAtEnd(): number {
    if (this.#restLength === 0) return 0;
    const line = textOf(Buffer.concat(this.#rest));
    this.#forget();
    return this.#fits(line) ? 1 : 0;
  }

  #keep(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    this.#rest.push(Buffer.from(bytes));
    this.#restLength += bytes.length;
    // Many small pieces take more than their bytes.
    if (this.#rest.length > LINE_MOST / 1024) this.#rest = [Buffer.concat(this.#rest)];
    return this.#restLength > LINE_MOST ? this.foundAtEnd() : 0;
  }

  #forget(): void {
    this.#rest = [];
    this.#restLength = 0;
  }

  #fits(line: string): boolean {
    this.#pattern.lastIndex = 0;
    return this.#pattern.test(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}
