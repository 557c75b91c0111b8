/** Requests and answers of a server as bytes, and back: serving.ts draws them. Pure. */

import { offsetsOf, readerOf, sizeOf, type ValuesOf } from './layout.js';
import { ANSWER, ANSWER_MAX, REQUEST, REQUEST_MAX, STAT } from './serving.js';
import type { ServedStep } from './steps.js';
import { Writer } from './writer.js';

const request = offsetsOf(REQUEST);
const requestSize = sizeOf(REQUEST);
const readAnswerHead = readerOf(ANSWER);
const answerSize = sizeOf(ANSWER);
const readStatFields = readerOf(STAT);
const statSize = sizeOf(STAT);
const NOTHING: Buffer = Buffer.alloc(0);

/** @throws RangeError where it would be larger than {@link REQUEST_MAX}. */
export function encodeRequest(number: number, steps: readonly ServedStep[]): Buffer {
  const writer = new Writer();
  writer.reserve(requestSize);
  writer.steps(steps);
  if (writer.size > REQUEST_MAX) throw new RangeError(`a request cannot have ${writer.size} bytes`);
  writer.word(request.size, writer.size);
  writer.word(request.number, number);
  writer.word(request.count, steps.length);
  return writer.buffer.subarray(0, writer.size);
}

/** What a server has answered. */
export interface Answer extends Omit<ValuesOf<typeof ANSWER>, 'reserved'> {
  /** What the steps gave that give bytes, as far as they were performed. */
  readonly given: readonly Buffer[];
}

/** How long the answer is that the bytes begin with; `undefined` where they do not say yet. */
export function answerLength(bytes: Buffer): number | undefined {
  if (bytes.length < answerSize) return undefined;
  const { size } = readAnswerHead(bytes, 0);
  if (size < answerSize || size > ANSWER_MAX) throw new RangeError(`an answer cannot have ${size} bytes`);
  return size;
}

/** Reads a whole answer. What was given is not copied. */
export function readAnswer(bytes: Buffer): Answer {
  const { reserved: _, ...head } = readAnswerHead(bytes, 0);
  const given: Buffer[] = [];
  for (let at = answerSize; at < head.size; ) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > head.size) throw new RangeError('an answer ends in the midst of what it gives');
    given.push(length === 0 ? NOTHING : bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { ...head, given };
}

/** What is known of a file. */
export type Stat = ValuesOf<typeof STAT>;

/** Reads what `fstat` and `stat` give. */
export function readStat(bytes: Buffer): Stat {
  if (bytes.length !== statSize) throw new RangeError(`a stat cannot have ${bytes.length} bytes`);
  const stat = readStatFields(bytes, 0);
  return { ...stat, atimeS: known(stat.atimeS), mtimeS: known(stat.mtimeS), ctimeS: known(stat.ctimeS) };
}

/** A program may give a file any time of 64 bits. Those that no number says, nobody waits for. */
function known(seconds: number): number {
  return Math.min(Math.max(seconds, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** An entry of a directory: its name, and what the kernel knows of its kind, DT_* of getdents64(2). */
export interface DirectoryEntry {
  readonly name: Buffer;
  readonly kind: number;
}

/** Where in an entry its length, kind and name stand. getdents64(2) */
const LENGTH_AT = 16;
const KIND_AT = 18;
const NAME_AT = 19;

/** Reads what `getdents` gives, but for `.` and `..`. */
export function readEntries(bytes: Buffer): readonly DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + LENGTH_AT)) {
    const end = bytes.indexOf(0, at + NAME_AT);
    const name = bytes.subarray(at + NAME_AT, end);
    if (!isDot(name)) entries.push({ name, kind: bytes[at + KIND_AT] ?? 0 });
  }
  return entries;
}

const DOT = 0x2e;
const isDot = (name: Buffer): boolean =>
  name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
