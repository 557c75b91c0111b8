/**
 * A way down a tree, by descriptors: each directory is found by its name in the one above, and no link is followed. A
 * server holds few directories open. Those further up are closed, and found again from the top by the same names.
 */

import type { ServedStep } from '../../plan/steps.js';
import type { Asked } from './fault.js';
import type { Performer } from './servers.js';
import { ask } from './view.js';

/** Opens a directory. Of a tree that goes no link is followed. */
export function openDirectory(
  slot: number,
  path: string | Uint8Array,
  at?: number,
  nofollow = at !== undefined,
): ServedStep {
  return {
    op: 'open',
    slot,
    ...(at === undefined ? {} : { at }),
    path,
    kind: 'directory',
    flags: [],
    nofollow,
    mode: 0,
  };
}

/** So many directories are opened by one list: each may have a path that is as long as the kernel takes. */
const BATCH = 48;
/** The kernel takes no longer path, in bytes. path_resolution(7) */
export const PATH_MOST = 4095;
const SLASH = Buffer.from('/');

export class Descent {
  readonly #server: Performer;
  readonly #slots: readonly number[];
  readonly #asked: Asked;
  /** From the top down to where it is; the top has none. */
  readonly #names: Uint8Array[] = [];
  /** The highest directory below the top that is open. */
  #highest = 1;
  readonly #filled = new Set<number>();

  /** @param slots Two or more, which nothing else fills meanwhile. */
  constructor(server: Performer, slots: readonly number[], asked: Asked) {
    this.#server = server;
    this.#slots = slots;
    this.#asked = asked;
  }

  /** The slot of the directory where it is. */
  get slot(): number {
    return this.#slotAt(this.#names.length);
  }

  /** How many directories are above. */
  get depth(): number {
    return this.#names.length;
  }

  /** Slots that something may be in. */
  get filled(): Iterable<number> {
    return this.#filled;
  }

  async begin(path: string | Uint8Array, nofollow = false): Promise<void> {
    await this.#open([openDirectory(this.#slotAt(0), path, undefined, nofollow)]);
  }

  async enter(name: Uint8Array): Promise<void> {
    const level = this.#names.length + 1;
    await this.#open([openDirectory(this.#slotAt(level), name, this.slot)]);
    this.#names.push(name);
    this.#highest = Math.max(this.#highest, level - this.#ring + 1);
  }

  async leave(): Promise<void> {
    this.#names.pop();
    const level = this.#names.length;
    if (level === 0 || level >= this.#highest) return;
    const highest = Math.max(1, level - this.#ring + 1);
    const paths = [...joined(this.#names.slice(0, highest - 1)), ...this.#names.slice(highest - 1)];
    const through = paths.length - (level - highest + 1);
    const slotOf = (index: number): number =>
      index < 0 ? this.#slotAt(0) : this.#slotAt(highest + Math.max(0, index - through));
    const steps = paths.map((path, index) => openDirectory(slotOf(index), path, slotOf(index - 1)));
    for (let from = 0; from < steps.length; from += BATCH) await this.#open(steps.slice(from, from + BATCH));
    this.#highest = highest;
  }

  get #ring(): number {
    return this.#slots.length - 1;
  }

  /** The top has a slot of its own, and those below take turns. */
  #slotAt(level: number): number {
    return this.#slots[level === 0 ? 0 : 1 + ((level - 1) % this.#ring)] as number;
  }

  async #open(steps: readonly ServedStep[]): Promise<void> {
    for (const step of steps) if (step.op === 'open') this.#filled.add(step.slot);
    await ask(this.#server, steps, this.#asked);
  }
}

/** As few paths as lead down by these names: to go them one by one takes time, and a tree may be of any depth. */
function joined(names: readonly Uint8Array[]): readonly Uint8Array[] {
  const paths: Uint8Array[] = [];
  for (let from = 0, to = 0; from < names.length; from = to) {
    let length = names[to]?.length ?? 0;
    for (to += 1; to < names.length; to += 1) {
      length += 1 + (names[to]?.length ?? 0);
      if (length > PATH_MOST) break;
    }
    paths.push(Buffer.concat(names.slice(from, to).flatMap((name) => [name, SLASH])).subarray(0, -1));
  }
  return paths;
}

/** Closes slots, whether something is in them or not. */
export async function closeSlots(server: Performer, slots: Iterable<number>): Promise<void> {
  let steps = Array.from(slots, (slot): ServedStep => ({ op: 'close', slot }));
  // A list ends at what is refused: the slot was empty.
  while (steps.length > 0) {
    const { error, done } = await server.perform(steps);
    if (error === 0) return;
    steps = steps.slice(done + 1);
  }
}
