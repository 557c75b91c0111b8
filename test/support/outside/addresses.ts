/** Who is where in the world of a test. */

/** Something that the neighbour was sent: a connection, a datagram, or an echo request of ping(8), without a port. */
export interface Seen {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** Where a connection came to. */
  readonly address: string | undefined;
  readonly port: number;
}

export const ADDRESSES = {
  /** The host of the test's containers. */
  world: ['203.0.113.1/24', '198.51.100.1/32', '10.1.2.1/32', '2001:db8::1/64', '2001:db8:1::1/128'],
  /** Everybody else: public, other resolvers, private, shared, metadata. Each answers on every port of a server. */
  neighbour: [
    '203.0.113.5/24',
    '203.0.113.6/24',
    '198.51.100.5/32',
    '8.8.8.8/32',
    '10.1.2.3/32',
    '172.16.5.5/32',
    '192.168.7.5/32',
    '100.64.1.5/32',
    '169.254.169.254/32',
    '2001:db8::5/64',
    '2001:db8:5::5/128',
    '2001:4860:4860::8888/128',
    'fd00:5::5/128',
    '64:ff9b::a01:203/128',
    '2002:a01:203::1/128',
  ],
  /** Where the neighbour tells what it has seen. */
  told: '203.0.113.6',
} as const;
