/** Refused system calls as lines for a terminal. */

import type { ExitStatus } from '../running/result.js';
import type { Violation } from '../running/violation.js';

/** A line for each kind of refused call, in the order in which they came first, and one for what is not listed. */
export function violationLines({
  violations,
  degraded,
}: Pick<ExitStatus, 'violations' | 'degraded'>): readonly string[] {
  const counts = new Map<string, number>();
  for (const violation of violations) counts.set(lineOf(violation), (counts.get(lineOf(violation)) ?? 0) + 1);
  const lines = [...counts].map(([line, count]) => `carrel: refused: ${line}${count === 1 ? '' : ` × ${count}`}`);
  const more = degraded.filter((sentence) => sentence.startsWith('violations: '));
  return [...lines, ...more.map((sentence) => `carrel: ${sentence}`)];
}

function lineOf({ program, syscall, path, address, code }: Violation): string {
  const about = path ?? address;
  return `${syscall}${about === undefined ? '' : ` ${shown(about)}`}: ${code}, by ${shown(program)}`;
}

/** The program says it: a terminal is not to obey it, nor a reader to take two words for one. */
function shown(text: string): string {
  if (/^[\p{L}\p{N}@%+=:,./[\]_~-]+$/u.test(text)) return text;
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escaped);
}
