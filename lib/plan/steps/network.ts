/** Interfaces, addresses and routes of network namespaces, and sockets of one that nobody is in. */

import { ADDRESS_FAMILIES, ROUTE_TYPES } from '../constants.js';
import {
  address,
  choice,
  defaulted,
  filled,
  hostPath,
  number,
  optional,
  slot,
  string,
  strings,
  upTo,
} from '../fields.js';
import type { StepGroup } from './spec.js';

const port = upTo(65_535);
const prefix = upTo(128);

/**
 * Networks
 *
 * Each acts in the network namespace that the child is in then. All but the last need CAP_NET_ADMIN over it.
 */
export const NETWORK_STEPS = {
  /**
   * Brings the network interface `name` up.
   *
   * @needs CAP_NET_ADMIN over the network namespace
   * @source netdevice(7)
   */
  linkUp: { column: 'container', fields: { name: string } },
  /**
   * Moves the child into a new network namespace and opens that into `slot`, and the one that it leaves into `left`.
   * The child comes back by {@link setns}. Then nobody is in the new one; it lasts as long as a socket of it is open.
   *
   * @needs CAP_SYS_ADMIN, and CAP_NET_ADMIN over both
   * @source network_namespaces(7); SIOCGSKNS, Linux 4.10
   */
  newNetwork: { column: 'container', fields: { slot: filled, left: filled } },
  /**
   * Makes two interfaces that are the ends of one cable: `name`, and `peer` in the network namespace in the slot
   * `network`. Both are down.
   *
   * @needs CAP_NET_ADMIN over both network namespaces
   * @errors EOPNOTSUPP where the kernel has no veth.
   * @source veth(4), rtnetlink(7) RTM_NEWLINK
   */
  addVeth: { column: 'container', fields: { name: string, peer: string, network: slot } },
  /**
   * Gives the interface `name` an address, and a route to all that begins with its first `prefix` bits.
   *
   * @needs CAP_NET_ADMIN over the network namespace
   * @errors EEXIST where it has it; EACCES for IPv6 where that is switched off.
   * @source rtnetlink(7) RTM_NEWADDR
   */
  addAddress: { column: 'container', fields: { name: string, address, prefix } },
  /**
   * Adds a route by the interface `name` to all that begins with the first `prefix` bits of `destination`: to the
   * `gateway`, or to the network itself. A `local` one makes all of these addresses the namespace’s own.
   *
   * @needs CAP_NET_ADMIN over the network namespace
   * @errors EEXIST where there is one; ENETUNREACH where the gateway is not at that interface.
   * @source rtnetlink(7) RTM_NEWROUTE
   */
  addRoute: {
    column: 'container',
    fields: {
      name: string,
      type: defaulted(choice(ROUTE_TYPES), 'unicast'),
      destination: address,
      prefix,
      gateway: optional(address),
    },
  },
  /**
   * Removes such a route. What is connected by it can send no more.
   *
   * @needs CAP_NET_ADMIN over the network namespace
   * @errors ESRCH where there is none.
   * @source rtnetlink(7) RTM_DELROUTE
   */
  removeRoute: {
    column: 'container',
    fields: { name: string, type: defaulted(choice(ROUTE_TYPES), 'unicast'), destination: address, prefix },
  },
  /**
   * Makes a socket into `slot` that takes connections to `port`, at every address: of IPv4, or of both families. Up to
   * `backlog` wait to be accepted. The kernel keeps up to twice `bufferBytes` of each connection in each direction; 0
   * is what it likes.
   *
   * @needs CAP_NET_BIND_SERVICE over the network namespace for ports below 1024
   * @errors EADDRINUSE where somebody listens; EAFNOSUPPORT in a kernel without that family.
   * @source listen(2), IPV6_V6ONLY in ipv6(7), SO_RCVBUF in socket(7)
   */
  listenTcp: {
    column: 'container',
    fields: {
      slot: filled,
      family: choice(ADDRESS_FAMILIES),
      port,
      backlog: defaulted(number, 511),
      bufferBytes: defaulted(upTo(2 ** 30), 0),
    },
  },
  /**
   * Makes a socket into `slot` that takes datagrams to `address`, which is of IPv4, and `port`.
   *
   * @needs CAP_NET_BIND_SERVICE over the network namespace for ports below 1024
   * @errors EADDRINUSE where somebody has it; EADDRNOTAVAIL where it is not the namespace’s own.
   * @source udp(7), bind(2)
   */
  bindUdp: { column: 'container', fields: { slot: filled, address, port } },
  /**
   * Runs the host's program at `path` with `args`, which stays until the container ends. It carries packets between
   * the child's network namespace and the network of the host. Its descriptors 0 and 1 are the network namespace, and
   * the user namespace that owns that. What it says goes to 2. It writes to 3 when the network is there; or it ends
   * with status 0, and leaves a process that goes on. It has no other descriptor, and no environment.
   *
   * @needs a new network namespace, /dev/net/tun, and what the program needs
   * @errors The message has what the program says, and its exit status.
   * @source pasta(1), slirp4netns(1)
   */
  connectNetwork: { column: 'host', fields: { path: hostPath, args: strings } },
} as const satisfies StepGroup;
