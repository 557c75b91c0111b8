/** Joins the caller's terminal with that of a process. */

import type { Readable, Writable } from 'node:stream';
import { closed } from '../launch/drain.js';
import { attachTerminal } from '../launch/terminal.js';
import type { ExitStatus } from './result.js';

/** What of a process it needs. */
export interface Attached {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly result: Promise<ExitStatus>;
  resize(columns: number, rows: number): boolean;
}

/**
 * @param terminal Whether the process has one.
 * @returns When the command has ended and everything was shown.
 */
export async function attach(child: Attached, terminal: boolean): Promise<ExitStatus> {
  const { stdin, stdout } = child;
  if (!terminal || stdin === null || stdout === null) {
    throw new TypeError('attach() needs a process that was started with terminal: true');
  }
  const detach = attachTerminal({
    input: stdin,
    output: stdout,
    resize: (columns, rows) => child.resize(columns, rows),
    ended: (callback) => stdout.once('close', callback),
  });
  try {
    const [status] = await Promise.all([child.result, closed(stdout)]);
    return status;
  } finally {
    detach();
  }
}
