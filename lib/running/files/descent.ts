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

/** So many directories are opened by one list. */
const BATCH = 256;

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
    for (let from = 1; from <= level; from += BATCH) {
      const names = this.#names.slice(from - 1, Math.min(level, from - 1 + BATCH));
      await this.#open(
        names.map((name, index) => openDirectory(this.#slotAt(from + index), name, this.#slotAt(from + index - 1))),
      );
    }
    this.#highest = Math.max(1, level - this.#ring + 1);
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
