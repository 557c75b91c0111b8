/** The terminal of a command, and who carries its bytes. */

import { defaulted, filled, number, slot } from '../fields.js';
import type { StepGroup } from './spec.js';

/** The terminal */
export const TERMINAL_STEPS = {
  /**
   * Opens a new terminal of the container's /dev/pts into `master` and `slot`, and binds it on /dev/console.
   * `columns` and `rows` are its size in characters.
   *
   * @needs a devpts there
   * @source pty(7), ioctl_tty(2)
   */
  openTerminal: {
    column: 'container',
    fields: { master: filled, slot: filled, columns: defaulted(number, 80), rows: defaulted(number, 24) },
  },
  /**
   * Carries bytes between the terminal's `master` and the caller's `socket`, from now on to the last one.
   *
   * @needs {@link openTerminal} before it, in a barrier
   * @source pty(7)
   */
  relay: { column: 'host', fields: { master: slot, socket: slot } },
  /**
   * Makes the terminal in `slot` the controlling one of the command's session.
   *
   * @needs a session of its own, which {@link init} and the clone give
   * @source TIOCSCTTY in ioctl_tty(2)
   */
  controllingTerminal: { column: 'container', fields: { slot } },
} as const satisfies StepGroup;
