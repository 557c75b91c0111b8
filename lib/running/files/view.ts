/** One user's view of a container's files: by which servers, and from where relative paths count. */

import type { ServedSlots } from '../../compile/serve.js';
import { invalidType, invalidValue } from '../../errors/errors.js';
import type { Answer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import type { Copying } from './copies/copying.js';
import { type Asked, faultOf } from './fault.js';
import type { Performer, Servers } from './servers.js';

/** A path inside: text, or bytes where it is no UTF-8. */
export type ContainerPath = string | Buffer;

export interface View {
  /** For single lists. */
  readonly brief: Servers;
  /** For jobs of many lists, which hold files open meanwhile. */
  readonly long: Servers;
  /** For jobs that last as long as callers like: each open file has a server to itself. */
  readonly lasting: Servers;
  /** For copies. */
  readonly copying: Copying;
  readonly slots: ServedSlots;
  readonly cwd: string;
}

/** What a step gives that gives nothing. */
export const NOTHING: Buffer = Buffer.alloc(0);

/** The kernel knows no longer path: what is behind this changes nothing. path_resolution(7) */
const PATH_KNOWN = 4200;
const SLASH = 0x2f;

/** A path as it is sent: absolute, but for the empty one, which names nothing. */
export function inside({ cwd }: View, name: string, path: unknown): string | Uint8Array {
  if (typeof path === 'string') {
    if (path.includes('\0')) throw invalidValue(name, 'a path without NUL', path);
    const known = path.length > PATH_KNOWN ? path.slice(0, PATH_KNOWN) : path;
    return known.startsWith('/') || known === '' ? known : `${cwd}/${known}`;
  }
  if (!(path instanceof Uint8Array)) throw invalidType(name, 'a string or a Buffer', path);
  if (path.includes(0)) throw invalidValue(name, 'a path without NUL', path);
  const known = path.subarray(0, PATH_KNOWN);
  return known[0] === SLASH || known.length === 0 ? known : Buffer.concat([Buffer.from(`${cwd}/`), known]);
}

/** The same without slashes at its end: what has a name that comes last. */
export function named(view: View, name: string, path: unknown): string | Uint8Array {
  const whole = inside(view, name, path);
  if (typeof whole === 'string') return whole.replace(/(?<=.)\/+$/, '');
  let end = whole.length;
  while (end > 1 && whole[end - 1] === SLASH) end -= 1;
  return whole.subarray(0, end);
}

/** How an error names a path. */
export function shown(path: ContainerPath): string {
  return typeof path === 'string' ? path : path.toString();
}

/**
 * Performs a list, and throws where it was refused. Gives what its steps gave.
 *
 * @param others As Node names the system calls of the steps behind the first, where that is another one.
 */
export async function ask(
  by: Pick<Performer, 'perform'>,
  steps: readonly ServedStep[],
  asked: Asked,
  others: Readonly<Partial<Record<ServedStep['op'], string>>> = {},
): Promise<Answer['given']> {
  const answer = await by.perform(steps);
  if (answer.error !== 0) {
    const syscall = others[steps[answer.done]?.op ?? 'open'];
    // What is done with an open file Node tells without its path.
    throw faultOf(answer, steps, syscall === undefined ? asked : { syscall });
  }
  return answer.given;
}

/** Closes what a job has open. Where its server is gone, so is that, and the job fails by something else. */
export async function letGo(by: Pick<Performer, 'perform'>, slot: number): Promise<void> {
  await by.perform([{ op: 'close', slot }]).catch(() => undefined);
}
