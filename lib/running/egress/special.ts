/**
 * Addresses that are not public: of private networks, links, this machine, and those that stand for others. What a name
 * leads to is refused there: a name is its owner's to say, and could lead into the host's own network.
 * iana-ipv4-special-registry, iana-ipv6-special-registry
 */

import { addressBytes } from '../../plan/addresses.js';
import { isInRange } from '../../plan/egress-list.js';

const RANGES: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8], // this network, RFC 791
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // shared by customers of a provider, RFC 6598; metadata of Alibaba Cloud
  ['127.0.0.0', 8], // loopback, RFC 1122
  ['168.63.129.16', 32], // the host of a machine in Azure
  ['169.254.0.0', 16], // link-local, RFC 3927; metadata of most clouds
  ['172.16.0.0', 12], // private, RFC 1918
  ['192.0.0.0', 24], // protocols, RFC 6890; metadata of Oracle Cloud
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16], // private, RFC 1918
  ['198.18.0.0', 15], // tests of networks, RFC 2544
  ['224.0.0.0', 4], // multicast, RFC 5771
  ['240.0.0.0', 4], // reserved, and broadcast, RFC 1112
  ['::', 96], // unspecified, loopback, and IPv4-compatible, RFC 4291
  ['::ffff:0:0', 96], // IPv4-mapped, RFC 4291
  ['::ffff:0:0:0', 96], // IPv4-translated, RFC 2765
  ['64:ff9b::', 96], // NAT64, RFC 6052
  ['64:ff9b:1::', 48], // NAT64 of a site, RFC 8215
  ['100::', 64], // discarded, RFC 6666
  ['2001::', 23], // Teredo and other protocols, RFC 4380, RFC 2928
  ['2002::', 16], // 6to4, RFC 3056
  ['fc00::', 7], // private, RFC 4193; metadata of AWS
  ['fe80::', 10], // link-local, RFC 4291
  ['fec0::', 10], // site-local, RFC 3879
  ['ff00::', 8], // multicast, RFC 4291
];

const SPECIAL = RANGES.map(([address, prefix]) => ({ bytes: addressBytes(address) as Uint8Array, prefix }));

/** How many bits the range has that an address is in; `undefined` for one that is public. */
export function specialRange(address: Uint8Array): number | undefined {
  return SPECIAL.find(({ bytes, prefix }) => isInRange(address, bytes, prefix))?.prefix;
}
