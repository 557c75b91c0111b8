/** Joins the caller's terminal with that of a process. */

import type { Duplex } from 'node:stream';
import { closed } from '../launch/drain.js';
import { attachTerminal } from '../launch/terminal.js';
import type { ExitStatus } from './result.js';

/** What of a process it needs. */
export interface Attached {
  readonly result: Promise<ExitStatus>;
  resize(columns: number, rows: number): boolean;
}

/**
 * @param terminal The stream of its terminal, if it has one.
 * @returns When the command has ended and everything was shown.
 */
export async function attach(child: Attached, terminal: Duplex | null): Promise<ExitStatus> {
  if (terminal === null) throw new TypeError('attach() needs a process that was started with terminal: true');
  const detach = attachTerminal({
    input: terminal,
    output: terminal,
    resize: (columns, rows) => child.resize(columns, rows),
    ended: (callback) => terminal.once('close', callback),
  });
  try {
    const [status] = await Promise.all([child.result, closed(terminal)]);
    return status;
  } finally {
    detach();
  }
}
