/** Whom a container with a way out asks for names: the host's resolvers, or who forwards to them. */

import type { Nameserver, OutboundFacts } from '../host/facts.js';

/** Where a resolver of the host's that is out of reach is asked instead: pasta forwards what is sent there. */
const FORWARDED_4 = '169.254.1.1';
const FORWARDED_6 = 'fd63:6172:7265:6c::53';
/** Where slirp4netns is asked, which asks the host's resolvers. */
const RESOLVER_OF_SLIRP = '10.0.2.3';

/** What /etc/resolv.conf says inside. */
export function resolverOf(outbound: OutboundFacts): {
  readonly nameservers: readonly string[];
  readonly lines: readonly string[];
} {
  const { pasta, nameservers, lines } = outbound;
  const forwarded = forwardedBy(outbound);
  const reached = forwarded === undefined ? direct(nameservers) : [forwarded];
  return { nameservers: pasta === undefined ? [RESOLVER_OF_SLIRP] : reached, lines };
}

/**
 * The address at which pasta answers for the host's first resolver, where all of them are out of reach: what is the
 * host's own is the container's inside. pasta asks the first of its kind that /etc/resolv.conf names.
 */
export function forwardedBy({ nameservers }: OutboundFacts): string | undefined {
  if (nameservers.length === 0 || direct(nameservers).length > 0) return undefined;
  return nameservers.some(({ address }) => !address.includes(':')) ? FORWARDED_4 : FORWARDED_6;
}

function direct(nameservers: readonly Nameserver[]): readonly string[] {
  return nameservers.flatMap(({ address, local }) => (local ? [] : [address]));
}
