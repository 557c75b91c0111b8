/** Sockets that a server makes in a running container. They belong to its network, wherever they are used. */

import { SOCKET_DOMAINS } from '../constants.js';
import { choice, defaulted, innerPath, number, slot, upTo } from '../fields.js';
import type { StepGroup } from './spec.js';

const port = upTo(65_535);

/**
 * Sockets
 *
 * A server performs these too. A socket belongs to the network namespace that it was made in, also when Node has it, by
 * {@link handOver}.
 */
export const SOCKET_STEPS = {
  /**
   * Makes a stream socket into `slot`. It never waits.
   *
   * @source socket(2)
   */
  socket: { column: 'server', fields: { slot, domain: choice(SOCKET_DOMAINS) } },
  /**
   * Connects the socket in `slot` to `port` of the container’s loopback: 127.0.0.1, or ::1, by its family. It waits up
   * to `timeoutMs`.
   *
   * @errors ECONNREFUSED where nobody listens; ETIMEDOUT where the queue of the one who listens is full;
   *   EADDRNOTAVAIL where there is no such address.
   * @source connect(2), ip(7), ipv6(7)
   */
  connectTcp: { column: 'server', fields: { slot, port, timeoutMs: defaulted(upTo(1000), 0) } },
  /**
   * Connects the socket in `slot` to the Unix socket at `path`. What is there is found once: nobody can put a link in
   * its place meanwhile.
   *
   * @needs the right to write to it
   * @errors ECONNREFUSED where nobody listens, or something else is there; EAGAIN where the queue of the one who
   *   listens is full.
   * @source connect(2), unix(7)
   */
  connectUnix: { column: 'server', fields: { slot, path: innerPath } },
  /**
   * Gives the socket in `slot` the address of the container’s loopback, 127.0.0.1 or ::1, by its family, and `port`; 0
   * is any free one. What is left of earlier connections there does not count.
   *
   * @needs CAP_NET_BIND_SERVICE over the network namespace for ports below 1024
   * @errors EADDRINUSE where somebody has it; EADDRNOTAVAIL where there is no such address.
   * @source bind(2), SO_REUSEADDR in socket(7)
   */
  bindTcp: { column: 'server', fields: { slot, port } },
  /**
   * Gives the socket in `slot` the address `path`, which it makes, and everybody inside may connect to. The name
   * itself, its last part, has up to 107 bytes.
   *
   * @needs the right to make a file there
   * @errors EADDRINUSE where something is there.
   * @source bind(2), unix(7)
   */
  bindUnix: { column: 'server', fields: { slot, path: innerPath } },
  /**
   * Has the socket in `slot` take connections, of which up to `backlog` wait to be accepted.
   *
   * @source listen(2)
   */
  listen: { column: 'server', fields: { slot, backlog: defaulted(number, 511) } },
} as const satisfies StepGroup;
