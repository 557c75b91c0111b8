/** Trees of the host: who opens them, and whose they look like inside. */

import type { Host } from '../host/facts.js';
import type { HostStep, StepOf } from '../plan/steps.js';
import { type IdPlan, mapsOwners, opensTrees } from './ids.js';
import type { Slots } from './slots.js';

/** Where a tree of the host comes from: opened by the child, or by the supervisor into a slot. */
export type Source = { readonly slot: number } | { readonly source: string };

/** A path of the host, and how it is looked up. */
export interface Place {
  readonly source: string;
  readonly nofollow: boolean;
  readonly within?: string;
}

/**
 * Trees of the host. With a range of ids the child is nobody on the host and may not reach them. So the supervisor
 * opens them; only it may have their owners mapped. Otherwise the child opens them, with its caller's rights.
 */
export class Trees {
  readonly #ids: IdPlan;
  readonly #host: Host;
  readonly #slots: Slots;
  /** What the supervisor does: it opens trees, and has their owners mapped. */
  readonly acts: HostStep[] = [];
  /** What the supervisor tidies up. */
  readonly after: HostStep[] = [];

  constructor(ids: IdPlan, host: Host, slots: Slots) {
    this.#host = host;
    this.#ids = ids;
    this.#slots = slots;
  }

  /**
   * Whether the supervisor opens them. An ordinary user's child opens them itself, and so it does where owners stay
   * unmapped.
   */
  get bySupervisor(): boolean {
    return opensTrees(this.#ids, this.#host);
  }

  /** A slot for what the child opens, and the supervisor needs in the end. */
  hold(name: string): number {
    return this.#slots.add(name);
  }

  open(source: string, recursive: boolean, mapped: boolean, option?: string): Source {
    return this.bySupervisor
      ? this.#openBySupervisor({ source, nofollow: false }, recursive, mapped, option)
      : { source };
  }

  /** The same for a source that is looked up with care. `steps` are what the child does first. */
  openWithCare(
    place: Place,
    recursive: boolean,
    mapped: boolean,
    option: string,
  ): { readonly steps: readonly StepOf<'openTree'>[]; readonly tree: Source } {
    if (place.within === undefined && !place.nofollow)
      return { steps: [], tree: this.open(place.source, recursive, mapped, option) };
    if (this.bySupervisor) return { steps: [], tree: this.#openBySupervisor(place, recursive, mapped, option) };
    const slot = this.#slots.add(place.source);
    return { steps: [openTreeStep(slot, place, recursive, option)], tree: { slot } };
  }

  #openBySupervisor(place: Place, recursive: boolean, mapped: boolean, option: string | undefined): Source {
    const ids = this.#ids;
    const slot = this.#slots.add(place.source);
    const from = option === undefined ? {} : { from: option };
    this.acts.push(openTreeStep(slot, place, recursive, option));
    const namespace = ids.kind === 'joined' && ids.slot !== undefined ? { namespace: ids.slot } : {};
    if (mapped && mapsOwners(ids)) this.acts.push({ op: 'idmap', slot, ...namespace, ...from });
    return { slot };
  }
}

function openTreeStep(
  slot: number,
  { source, nofollow, within }: Place,
  recursive: boolean,
  option: string | undefined,
): StepOf<'openTree'> {
  // From the directory that it must not lead out of.
  const below = within === undefined ? { source } : { source: pathBelow(source, within), within };
  return { op: 'openTree', slot, ...below, recursive, nofollow, ...(option === undefined ? {} : { from: option }) };
}

/** The way from a directory to what is in it. */
function pathBelow(path: string, directory: string): string {
  return path.slice(directory === '/' ? 1 : directory.length + 1) || '.';
}
