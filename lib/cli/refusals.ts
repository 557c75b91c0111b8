/** What was refused to a command, as lines for a terminal. */

import type { Connection } from '../running/egress/connection.js';
import type { ExitStatus } from '../running/result.js';
import type { Violation } from '../running/violation.js';

/**
 * A line for each kind of refused call and of connection that came to nothing, in the order in which they came first,
 * and one for what is not listed.
 */
export function refusalLines({
  violations,
  connections,
  degraded,
}: Pick<ExitStatus, 'violations' | 'connections' | 'degraded'>): readonly string[] {
  const lines = [
    ...violations.map((one) => `refused: ${lineOf(one)}`),
    ...connections.flatMap((one) => (one.outcome === 'relayed' ? [] : [`${one.outcome}: ${targetOf(one)}`])),
  ];
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const more = degraded.filter((sentence) => /^(violations|connections): /.test(sentence));
  return [
    ...[...counts].map(([line, count]) => `carrel: ${line}${count === 1 ? '' : ` × ${count}`}`),
    ...more.map((sentence) => `carrel: ${sentence}`),
  ];
}

function lineOf({ program, syscall, path, address, code }: Violation): string {
  const about = path ?? address;
  return `${syscall}${about === undefined ? '' : ` ${shown(about)}`}: ${code}, by ${shown(program)}`;
}

/** What `--allow` would take, with the port where one is known. */
function targetOf({ name, address, port }: Connection): string {
  const numbers = address?.includes(':') === true ? `[${address}]` : address;
  const target = `${shown(name ?? numbers ?? '')}${port === 0 ? '' : `:${port}`}`;
  return name === undefined || numbers === undefined ? target : `${target}, which is ${numbers}`;
}

/** The program says it: a terminal is not to obey it, nor a reader to take two words for one. */
function shown(text: string): string {
  if (/^[\p{L}\p{N}@%+=:,./[\]_~-]+$/u.test(text)) return text;
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escaped);
}
