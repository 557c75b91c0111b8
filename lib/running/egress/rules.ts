/** What a list allows. */

import { addressBytes } from '../../plan/addresses.js';
import { type EgressRule, HOST_NAME, isInRange, isNamedBy, rulesOf } from '../../plan/egress-list.js';
import { specialRange } from './special.js';

export class Rules {
  readonly #rules: readonly EgressRule[];

  constructor(allow: readonly string[]) {
    this.#rules = rulesOf(allow);
  }

  /** Whether a name is known, at whatever port. */
  knows(name: string): boolean {
    return this.#rules.some((rule) => isNamedBy(rule, name));
  }

  /** Whether a name may be reached at `port`. */
  allowsName(name: string, port: number): boolean {
    return this.#rules.some((rule) => rule.port === port && isNamedBy(rule, name));
  }

  /** Whether a list says of an address and `port` that they may be reached. */
  allowsAddress(address: string, port: number): boolean {
    const bytes = addressBytes(address);
    return bytes !== undefined && this.#covers(bytes, port, 0);
  }

  /**
   * Whether a connection may lead to an address, by whichever way it has come there. One that is not public has to be
   * listed: by itself, or by a range of addresses that are all of its kind.
   *
   * @param own The addresses of the host.
   */
  mayLeadTo(address: string, port: number, own: ReadonlySet<string>): boolean {
    const bytes = addressBytes(address);
    if (bytes === undefined) return false;
    const special = specialRange(bytes) ?? (own.has(address) ? bytes.length * 8 : undefined);
    return special === undefined || this.#covers(bytes, port, special);
  }

  /** By a range of at least so many bits. */
  #covers(bytes: Uint8Array, port: number, least: number): boolean {
    return this.#rules.some(
      (rule) =>
        rule.kind === 'address' &&
        rule.port === port &&
        rule.prefix >= least &&
        isInRange(bytes, rule.bytes, rule.prefix),
    );
  }
}

/** Whether a name is that of the host's loopback. */
export function isHost(name: string): boolean {
  return name === HOST_NAME;
}
