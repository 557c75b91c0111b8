/**
 * Addresses of the network beside a container, in which names are found. 198.18.0.0/15 is for tests of networks, and
 * leads nowhere in the world. RFC 2544, RFC 4193
 */

/** The two ends of the cable, in one family. */
export interface Side {
  readonly family: 'ipv4' | 'ipv6';
  /** The gateway's. */
  readonly outer: string;
  /** The container's. */
  readonly inner: string;
  readonly prefix: number;
}

export const GATEWAY: readonly Side[] = [
  { family: 'ipv4', outer: '198.18.0.1', inner: '198.18.0.2', prefix: 30 },
  { family: 'ipv6', outer: 'fd63:6172:7265:6c01::1', inner: 'fd63:6172:7265:6c01::2', prefix: 64 },
];

/** What names are found at. */
export const NAMES = [
  { family: 'ipv4', address: '198.18.0.0', prefix: 15 },
  { family: 'ipv6', address: 'fd63:6172:7265:6c00::', prefix: 64 },
] as const;

/** Where the resolver is. */
export const RESOLVER = '198.18.0.1';

/** The first number of a name. Those below are the two ends, their network and their broadcast address. */
export const FIRST_NAME = 4;
