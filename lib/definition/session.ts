/** Whose session a command is in: its own, or that of the process that starts it. setsid(2) */

import { oneOf } from './checks.js';

/** `'new'` is a session of the command's own; `'inherit'` is that of this process, with its controlling terminal. */
export type Session = 'new' | 'inherit';

export function checkSession(session: unknown): Session {
  return oneOf('session', session ?? 'new', ['new', 'inherit']) as Session;
}
