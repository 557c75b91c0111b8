/** What a container may reach by TCP: an entry for each name, address or range, with a port. */

import { contradiction, invalidValue, outOfRange, withRemedy } from '../errors/errors.js';
import { addressBytes, addressText } from '../plan/addresses.js';
import {
  type AddressRule,
  type EgressRule,
  entryOf,
  HOST_NAME,
  isInRange,
  isName,
  ruleOf,
  withoutRest,
} from '../plan/egress-list.js';
import { array, knownOptions, text } from './checks.js';

/**
 * What may be reached by TCP, and nothing else: no other name has an address, and no other address a route. An empty
 * list is `'none'`, to which {@link RunningContainer.allow} can add.
 *
 * A name is looked up on the host, by `dns.lookup`, each time that a program connects. One that leads to a private,
 * loopback or link-local address, to metadata of a cloud, or to this machine, is refused, unless such an address is
 * listed too. A program is connected before anybody knows whether there is an answer; where there is none, it is reset.
 * Each attempt is told: by the event `connection`, and by `connections` of the result.
 *
 * @throws TypeError or RangeError naming the entry; TypeError without `network` and `mount` among the namespaces.
 */
export interface EgressList {
  /**
   * Up to 1,000 entries, with up to 32 different ports: `name:port`, `*.name:port` for every name below it and not
   * itself, `address:port`, `address/prefix:port`; of IPv6 `[address]:port`, `[address/prefix]:port`.
   * `host.docker.internal:port` is the loopback of the host.
   */
  readonly allow: readonly string[];
}

/** A look-up goes through all of them. */
const ENTRIES_MOST = 1000;
/** Each is a socket that listens. */
const PORTS_MOST = 32;

const FORMS = '"name:port", "*.name:port", "address:port", "address/prefix:port" or "[IPv6 address]:port"';

/** Ranges that no route can lead to: the container has them itself, or they are no addresses of machines. */
const OWN: readonly (readonly [range: string, prefix: number, why: string])[] = [
  ['0.0.0.0', 8, 'no address of a machine'],
  ['127.0.0.0', 8, 'the container’s own loopback'],
  ['198.18.0.0', 15, 'where names are found inside'],
  ['224.0.0.0', 3, 'no address of a single machine'],
  ['::', 96, 'no address of another machine'],
  ['::ffff:0:0', 96, 'an address of IPv4: write it as one'],
  ['fd63:6172:7265:6c00::', 63, 'where names are found inside'],
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

/** Names lead into a network of its own, by files of its own. */
export function checkEgressNamespaces(namespaces: readonly unknown[]): void {
  const missing = ['network', 'mount'].find((name) => !namespaces.includes(name));
  if (missing !== undefined)
    throw contradiction(`network({ allow }) needs "${missing}" among the namespaces, new and not joined`);
}

function checkEntry(name: string, value: unknown): EgressRule {
  const entry = text(name, value);
  const rule = ruleOf(entry);
  if (rule === undefined || rule.port === 0) throw wrongEntry(name, entry);
  if (rule.kind === 'address') checkRange(name, rule, entry);
  else if (rule.name === 'localhost' || rule.name.endsWith('.localhost'))
    throw withRemedy(
      invalidValue(name, 'a name outside: "localhost" is the container’s own', value),
      `"${HOST_NAME}:${rule.port}"`,
    );
  return rule;
}

/** What was probably meant: a URL, or a name without its port. */
function wrongEntry(name: string, entry: string): TypeError {
  const lower = entry.toLowerCase();
  const [, scheme, host, port] = /^([a-z]+):\/\/([^/:]+)(?::(\d+))?(?:\/|$)/.exec(lower) ?? [];
  if (host !== undefined)
    return withRemedy(invalidValue(name, FORMS, entry), `"${host}:${port ?? (scheme === 'http' ? 80 : 443)}"`);
  if (lower.endsWith(':*')) return invalidValue(name, `${FORMS}, where a port is a number from 1 to 65535`, entry);
  if (/:\d+$/.test(lower) && /[^\0-\x7f]/.test(lower))
    return invalidValue(name, `${FORMS}, where a name is in ASCII, as "xn--…"`, entry);
  const error = invalidValue(name, `${FORMS}, with a port from 1 to 65535`, entry);
  return isName(lower.replace(/^\*\./, '')) ? withRemedy(error, `"${lower}:443"`) : error;
}

function checkRange(name: string, { bytes, prefix, port }: AddressRule, entry: string): void {
  const whole = withoutRest(bytes, prefix);
  if (addressText(whole) !== addressText(bytes)) {
    const right = entryOf({ kind: 'address', bytes: whole, prefix, port });
    throw withRemedy(invalidValue(name, 'a range whose address has no bits behind its prefix', entry), `"${right}"`);
  }
  const own = OWN.find(([range, bits]) => prefix >= bits && isInRange(bytes, addressBytes(range) as Uint8Array, bits));
  if (own === undefined) return;
  const error = invalidValue(name, `an address outside: ${own[0]}/${own[1]} is ${own[2]}`, entry);
  const isLoopback = own[0] === '127.0.0.0' || addressText(bytes) === '::1';
  throw isLoopback ? withRemedy(error, `"${HOST_NAME}:${port}"`) : error;
}
