/** Addresses that names have inside. None is ever another name's while the container lives. */

import { addressBytes } from '../../plan/addresses.js';
import { FIRST_NAME, NAMES } from '../../plan/egress-addresses.js';

/** A container that asks for more is answered that it cannot be told now. */
const NAMES_MOST = 65_536;
const NUMBER_SIZE = 3;

const [V4, V6] = NAMES.map(({ address }) => addressBytes(address) as Uint8Array) as [Uint8Array, Uint8Array];

export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** The addresses of a name; `undefined` where there are no more. */
  of(name: string): { readonly ipv4: Uint8Array; readonly ipv6: Uint8Array } | undefined {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      if (this.#names.length === NAMES_MOST) return undefined;
      number = FIRST_NAME + this.#names.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return { ipv4: withNumber(V4, number), ipv6: withNumber(V6, number) };
  }

  /** The name that has got an address. */
  at(address: Uint8Array): string | undefined {
    const number = numberOf(address);
    return number === undefined ? undefined : this.#names[number - FIRST_NAME];
  }
}

/** The last bits of an address, those behind the prefix of its range. */
function withNumber(start: Uint8Array, number: number): Uint8Array {
  const bytes = Uint8Array.from(start);
  let left = number;
  for (let at = bytes.length - 1; left > 0; at -= 1) {
    bytes[at] = (bytes[at] ?? 0) + (left & 0xff);
    left >>= 8;
  }
  return bytes;
}

/** The last three bytes count; those before are the range's. */
function numberOf(address: Uint8Array): number | undefined {
  const start = address.length === V4.length ? V4 : V6;
  const head = start.length - NUMBER_SIZE;
  for (let at = 0; at < head; at += 1) if (address[at] !== start[at]) return undefined;
  const number = endOf(address) - endOf(start);
  return number >= 0 && number < 2 * NAMES_MOST ? number : undefined;
}

function endOf(address: Uint8Array): number {
  return address.slice(-NUMBER_SIZE).reduce((number, byte) => number * 256 + byte, 0);
}
