/** What a container may reach by TCP: an entry for each name, address or range, with a port. */

import { contradiction, invalidValue, outOfRange, withRemedy } from '../errors/errors.js';
import { addressBytes, addressText } from '../plan/addresses.js';
import { array, knownOptions, object, text } from './checks.js';

/**
 * What may be reached by TCP, and nothing else. An entry is `name:port`, `*.name:port` (any name below it, not itself),
 * `address:port`, `address/prefix:port`, or `[address]:port` and `[address/prefix]:port` for IPv6.
 * `host.docker.internal:port` is the loopback of the host.
 */
export interface EgressList {
  readonly allow: readonly string[];
}

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

/** A look-up goes through all of them. */
const ENTRIES_MOST = 1000;
/** Each is a socket that listens. */
export const PORTS_MOST = 32;

const FORMS = '"name:port", "*.name:port", "address:port", "address/prefix:port" or "[IPv6 address]:port"';

/** Ranges that no route can lead to: the container has them itself, or they are no addresses of machines. */
const OWN: readonly (readonly [range: string, prefix: number, why: string])[] = [
  ['0.0.0.0', 8, 'no address of a machine'],
  ['127.0.0.0', 8, 'the container’s own loopback'],
  ['198.18.0.0', 15, 'what carrel calls names inside'],
  ['224.0.0.0', 3, 'no address of a single machine'],
  ['::', 96, 'no address of another machine'],
  ['::ffff:0:0', 96, 'an address of IPv4: write it as one'],
  ['fd63:6172:7265:6c00::', 63, 'what carrel calls names inside'],
  ['fe80::', 10, 'an address that counts on one link only'],
  ['ff00::', 8, 'no address of a single machine'],
];

export function checkEgress(value: object): EgressList {
  knownOptions('network', value, ['allow']);
  return { allow: checkAllow('network.allow', (value as { readonly allow?: unknown }).allow) };
}

/** The entries as they are kept: in lower case, in their order, each once. */
export function checkAllow(name: string, value: unknown): readonly string[] {
  const entries = array(name, value);
  if (entries.length > ENTRIES_MOST) throw outOfRange(name, `a list of up to ${ENTRIES_MOST} entries`, entries.length);
  const rules = entries.map((entry, index) => checkEntry(`${name}[${index}]`, entry));
  const ports = new Set(rules.map(({ port }) => port));
  if (ports.size > PORTS_MOST)
    throw contradiction(`${name} has ${ports.size} different ports: there can be up to ${PORTS_MOST}`);
  return [...new Set(rules.map(entryOf))];
}

/** What the entries of a list that was checked mean. */
export function rulesOf(allow: readonly string[]): readonly EgressRule[] {
  return allow.map((entry) => checkEntry('allow', entry));
}

/** The ports of a list that was checked, in order. */
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

/** Whether names are allowed by rules that were meant for them, as far as a rule says so. */
export function isNamedBy(rule: EgressRule, name: string): rule is NameRule {
  if (rule.kind !== 'name') return false;
  return rule.below ? name.endsWith(`.${rule.name}`) : name === rule.name;
}

/** A name of DNS in lower case, with or without a dot at its end. Those with underscores exist too. RFC 1123 */
export function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

function entryOf(rule: EgressRule): string {
  if (rule.kind === 'name') return `${rule.below ? '*.' : ''}${rule.name}:${rule.port}`;
  const address = addressText(rule.bytes);
  const range = rule.prefix === rule.bytes.length * 8 ? address : `${address}/${rule.prefix}`;
  return rule.bytes.length === 4 ? `${range}:${rule.port}` : `[${range}]:${rule.port}`;
}

function checkEntry(name: string, value: unknown): EgressRule {
  const entry = text(name, value).toLowerCase();
  const [, host = '', portText = ''] = /^(.*):([^:\]/]*)$/.exec(entry) ?? [];
  const wrong = (): TypeError => {
    const url = /^[a-z]+:\/\/([^/:]+)(:\d+)?(\/|$)/.exec(entry);
    const error = invalidValue(name, FORMS, value);
    if (url !== null) return withRemedy(error, `"${url[1]}${url[2] ?? (entry.startsWith('http:') ? ':80' : ':443')}"`);
    return host === '' && isName(entry) ? withRemedy(error, `"${entry}:443"`) : error;
  };
  if (host === '') throw wrong();
  const port = checkPort(name, portText, value);
  if (host.startsWith('[') || /^[\d.]+(\/|$)/.test(host)) return checkRange(name, host, port, value);
  const below = host.startsWith('*.');
  const named = (below ? host.slice(2) : host).replace(/\.$/, '');
  if (/[^\0-\x7f]/.test(named)) throw withRemedy(wrong(), `the name in ASCII, which begins with "xn--"`);
  if (!isName(named)) throw wrong();
  if (named === 'localhost' || named.endsWith('.localhost'))
    throw withRemedy(
      invalidValue(name, 'a name outside: "localhost" is the container’s own', value),
      `"${HOST_NAME}:${port}"`,
    );
  return { kind: 'name', name: named, below, port };
}

function checkPort(name: string, port: string, value: unknown): number {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw invalidValue(name, 'with a port from 1 to 65535 behind a colon', value);
  return number;
}

function checkRange(name: string, host: string, port: number, value: unknown): AddressRule {
  const [, given = '', prefixText] = /^\[?([\da-f:.]+?)\]?(?:\/(\d{1,3})\]?)?$/.exec(host) ?? [];
  const bytes = addressBytes(given);
  const most = (bytes?.length ?? 0) * 8;
  const prefix = prefixText === undefined ? most : Number(prefixText);
  if (bytes === undefined || prefix > most || host.startsWith('[') !== (bytes.length === 16))
    throw invalidValue(name, FORMS, value);
  const whole = bytes.map((byte, at) => byte & (0xff << Math.max(0, 8 - Math.max(0, prefix - at * 8))));
  const rule: AddressRule = { kind: 'address', bytes: whole, prefix, port };
  if (!isInRange(bytes, bytes, prefix) || addressText(whole) !== addressText(bytes))
    throw withRemedy(
      invalidValue(name, 'a range whose address has no bits behind its prefix', value),
      `"${entryOf(rule)}"`,
    );
  checkReachable(name, rule, value);
  return rule;
}

function checkReachable(name: string, { bytes, prefix, port }: AddressRule, value: unknown): void {
  const own = OWN.find(([range, bits]) => {
    const start = addressBytes(range) as Uint8Array;
    return prefix >= bits && isInRange(bytes, start, bits);
  });
  if (own === undefined) return;
  const error = invalidValue(name, `an address outside: ${own[0]}/${own[1]} is ${own[2]}`, value);
  throw own[0] === '127.0.0.0' || (own[0] === '::' && bytes.at(-1) === 1)
    ? withRemedy(error, `"${HOST_NAME}:${port}"`)
    : error;
}

/** It has a network of its own, and files that say who resolves its names. */
export function checkEgressNamespaces(namespaces: readonly unknown[]): void {
  const missing = ['network', 'mount'].find((name) => !namespaces.includes(name));
  if (missing !== undefined)
    throw contradiction(`network({ allow }) needs "${missing}" among the namespaces, new and not joined`);
}

/** The list of a definition, or of a part of one. */
export function egressOf(network: unknown): EgressList | undefined {
  if (network === null || typeof network !== 'object' || !('allow' in network)) return undefined;
  object('network', network);
  return network as EgressList;
}
