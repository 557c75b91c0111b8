/** Trees of the host: who opens them, and whose they look like inside. */

import type { Host } from '../host/facts.js';
import type { HostStep } from '../plan/steps.js';
import { type IdPlan, mapsOwners, opensTrees } from './ids.js';
import type { Slots } from './slots.js';

/** Where a tree of the host comes from: opened by the child, or by the supervisor into a slot. */
export type Source = { readonly slot: number } | { readonly source: string };

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

  open(source: string, recursive: boolean, mapped: boolean, option?: string): Source {
    const ids = this.#ids;
    if (!this.bySupervisor) return { source };
    const slot = this.#slots.add(source);
    const from = option === undefined ? {} : { from: option };
    this.acts.push({ op: 'openTree', slot, source, recursive, ...from });
    const namespace = ids.kind === 'joined' && ids.slot !== undefined ? { namespace: ids.slot } : {};
    if (mapped && mapsOwners(ids)) this.acts.push({ op: 'idmap', slot, ...namespace, ...from });
    return { slot };
  }
}
