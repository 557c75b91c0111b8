/** The text that a command wrote, as `Buffer.toString()` has it, but sooner. */

import { isAscii, isUtf8, transcode } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';

/** Fewer bytes than this `toString()` decodes as fast. */
const LONG = 1024;
/** How many bytes can continue a character. */
const CONTINUING = 3;

/**
 * Node 20 decodes UTF-8 character by character. To copy ASCII, or to convert what is valid to UTF-16, takes it a half
 * to a tenth of that. So only what is near an invalid byte goes the long way.
 */
export function textOf(bytes: Buffer): string {
  // A Node without ICU has no transcode().
  if (bytes.length < LONG || transcode === undefined) return bytes.toString('utf8');
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return transcode(bytes, 'utf8', 'utf16le').toString('utf16le');
  const middle = beginOf(bytes, bytes.length >> 1);
  return textOf(bytes.subarray(0, middle)) + textOf(bytes.subarray(middle));
}

/** The text of bytes that were cut off somewhere: without the beginning of a character whose end is missing. */
export function wholeTextOf(bytes: Buffer): string {
  const last = beginOf(bytes, bytes.length - 1);
  return textOf(bytes.subarray(0, last)) + new StringDecoder('utf8').write(bytes.subarray(last));
}

/** Where the character begins that has the byte at `index`; where it is in none, `index` itself. */
function beginOf(bytes: Buffer, index: number): number {
  for (let begin = index; begin >= Math.max(0, index - CONTINUING); begin -= 1) {
    if (((bytes[begin] ?? 0) & 0xc0) !== 0x80) return begin;
  }
  return Math.max(0, index);
}
