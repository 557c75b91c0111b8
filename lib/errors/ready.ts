/** What is said of a container that did not become ready. */

import { inspect } from 'node:util';
import { ReadyError } from './classes.js';

/** How a wait ended. */
interface Unready<Result> {
  /** What is run, as its words. */
  readonly command: readonly string[];
  readonly reason: ReadyError['reason'];
  /** What was still waited for. */
  readonly lacks: readonly string[];
  /** How long was waited, in milliseconds. */
  readonly timeoutMs: number;
  /** The end of the output. */
  readonly output: string;
  readonly result: Result | undefined;
  /** Why a condition failed. */
  readonly cause: unknown;
}

/** How a command ended, as far as the sentence says it. */
interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string;
}

/** The last lines of the output that a message has, and their letters. */
const LINES_MOST = 10;
const LETTERS_MOST = 2000;

export function notReady<Result extends Ended>(unready: Unready<Result>): ReadyError<Result> {
  const { command, reason, lacks, output, result, cause } = unready;
  const who = command.length === 0 ? 'the container' : command.join(' ');
  const waited = lacks.length === 0 ? '' : `, waiting for ${lacks.join(', and for ')}`;
  const message = `${who}: ${sentence(unready)}${reason === 'failed' ? '' : waited}${endOf(output)}`;
  return new ReadyError(message, { reason, output, result }, reason === 'failed' ? { cause } : undefined);
}

function sentence({ reason, result, timeoutMs, cause }: Unready<Ended>): string {
  switch (reason) {
    case 'ended':
      return `ended before it was ready (${result === undefined ? 'nobody knows how' : endingOf(result)})`;
    case 'timeout':
      return `not ready after ${timeoutMs} ms`;
    case 'failed':
      return `a condition of its readiness failed: ${cause instanceof Error ? cause.message : inspect(cause)}`;
    default:
      return reason satisfies never;
  }
}

function endingOf({ exitCode, signal, reason }: Ended): string {
  return signal === null ? `exit code ${exitCode}` : `${signal}, ${reason}`;
}

/** A terminal that shows the message obeys nothing that the container wrote. */
function endOf(output: string): string {
  const lines = output.trim().split('\n').slice(-LINES_MOST).join('\n').slice(-LETTERS_MOST);
  const shown = lines.replaceAll('\r', '').replace(/(?![\n\t])\p{Cc}/gu, '\ufffd');
  return shown === '' ? '' : `\n${shown}`;
}
