/** What a real program is asked to do, and what it says then. */

import type { CapabilityChoice } from 'carrel';
import type { Capability } from '../requires.js';

export interface Work {
  readonly needs: readonly Capability[];
  /** For `sh -eu`, in an empty directory, which is the home as well. */
  readonly script: string;
  /** All that it prints. */
  readonly output: string;
  readonly capabilities?: CapabilityChoice;
  /** Whose programs these are inside. Default: root's. */
  readonly user?: number;
}

export type Works = Readonly<Record<string, Work>>;

/** For `sh`: makes the file `name` of `text`. */
export function file(name: string, text: string): string {
  return `cat > ${name} <<'END_OF_${name}'\n${text}\nEND_OF_${name}\n`;
}

/** For `sh`: waits until `command` succeeds, and ends with its status where it never does. */
export function until(command: string): string {
  const tries = `for i in $(seq 600); do if ${command} > /dev/null 2>&1; then break; fi; sleep 0.1; done`;
  return `${tries}; ${command} > /dev/null`;
}
