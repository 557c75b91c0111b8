/** What an entry of a list says may be reached by TCP. Pure: whether it makes sense, definition/egress.ts says. */

import { addressBytes, addressText } from './addresses.js';
import { Memo } from './memo.js';

/** A name, or all names below it. */
export interface NameRule {
  readonly kind: 'name';
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly below: boolean;
  readonly port: number;
}

/** Addresses of one family that begin with the same bits. */
export interface AddressRule {
  readonly kind: 'address';
  readonly bytes: Uint8Array;
  readonly prefix: number;
  readonly port: number;
}

export type EgressRule = NameRule | AddressRule;

/** How a container calls the loopback of the host, as it does in Docker Desktop. */
export const HOST_NAME = 'host.docker.internal';

/** What an entry means; `undefined` where it is written in no such way. Its port is 0 where it has none. */
export function ruleOf(entry: string): EgressRule | undefined {
  const [, host = '', portText = ''] = /^(.*):(0|[1-9]\d{0,4})$/.exec(entry.toLowerCase()) ?? [];
  const port = Number(portText);
  if (host === '' || port > 65_535) return undefined;
  return host.startsWith('[') || /^[\d.]+(\/|$)/.test(host) ? rangeOf(host, port) : nameOf(host, port);
}

/** An entry as it is kept. */
export function entryOf(rule: EgressRule): string {
  if (rule.kind === 'name') return `${rule.below ? '*.' : ''}${rule.name}:${rule.port}`;
  const address = addressText(rule.bytes);
  const range = rule.prefix === rule.bytes.length * 8 ? address : `${address}/${rule.prefix}`;
  return rule.bytes.length === 4 ? `${range}:${rule.port}` : `[${range}]:${rule.port}`;
}

const rules = new Memo((allow: readonly string[], _: null): readonly EgressRule[] =>
  Object.freeze(allow.map(ruleOf).filter((rule) => rule !== undefined)),
);

/** What the entries of a list that was checked mean. It is nobody's to change: each start asks. */
export function rulesOf(allow: readonly string[]): readonly EgressRule[] {
  return rules.get(allow, null);
}

/** The ports of a list, in order. */
export function portsOf(allow: readonly string[]): readonly number[] {
  return [...new Set(rulesOf(allow).map(({ port }) => port))].sort((a, b) => a - b);
}

/** Whether an address begins with the bits of a range. */
export function isInRange(address: Uint8Array, range: Uint8Array, prefix: number): boolean {
  if (address.length !== range.length) return false;
  const whole = prefix >> 3;
  const rest = 8 - (prefix & 7);
  for (let at = 0; at < whole; at += 1) if (address[at] !== range[at]) return false;
  return rest === 8 || (address[whole] ?? 0) >> rest === (range[whole] ?? 0) >> rest;
}

/** The bits of an address that a prefix has, and zeros behind them. */
export function withoutRest(address: Uint8Array, prefix: number): Uint8Array {
  return address.map((byte, at) => byte & (0xff << Math.min(8, Math.max(0, 8 - prefix + at * 8))));
}

/** Whether it is a name, and a rule says something of it. */
export function isNamedBy(rule: EgressRule, name: string): boolean {
  if (rule.kind !== 'name') return false;
  return rule.below ? name.endsWith(`.${rule.name}`) : name === rule.name;
}

/** A name of DNS in lower case. Those with underscores exist too. RFC 1123 */
export function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

function nameOf(host: string, port: number): NameRule | undefined {
  const below = host.startsWith('*.');
  const name = (below ? host.slice(2) : host).replace(/\.$/, '');
  // Those that end in a number are addresses to the host, in ways of writing that few know. inet_aton(3)
  const isNumber = /(^|\.)(\d+|0x[\da-f]*)$/.test(name);
  return isName(name) && !isNumber ? { kind: 'name', name, below, port } : undefined;
}

/** `address`, `address/prefix`, `[address]`, `[address/prefix]` or `[address]/prefix`. */
function rangeOf(host: string, port: number): AddressRule | undefined {
  const [, open, address = '', inner, , outer] =
    /^(\[)?([\da-f:.]+)(?:\/(0|[1-9]\d{0,2}))?(\])?(?:\/(0|[1-9]\d{0,2}))?$/.exec(host) ?? [];
  const bytes = addressBytes(address);
  const isBracketed = open !== undefined;
  if (bytes === undefined || isBracketed !== host.includes(']') || isBracketed !== (bytes.length === 16))
    return undefined;
  if (inner !== undefined && outer !== undefined) return undefined;
  const prefix = Number(inner ?? outer ?? bytes.length * 8);
  return prefix > bytes.length * 8 ? undefined : { kind: 'address', bytes, prefix, port };
}
