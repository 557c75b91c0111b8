/** The container's network, and its way out. */

import type { Condition, Hint } from './hint.js';

const tun: Condition = {
  words: 'where it says something of tun',
  holds: ({ message = '' }) => /\btun\b/i.test(message),
};

export const NETWORK_HINTS: readonly Hint[] = [
  {
    op: 'connectNetwork',
    error: 'EPERM',
    when: tun,
    text: 'load the kernel module tun, and give /dev/net/tun the mode 0666',
  },
  {
    op: 'connectNetwork',
    error: 'EPERM',
    text: 'the message is what {path} says: the host itself needs a network that leads out, with a default route',
  },
  {
    op: 'connectNetwork',
    error: 'ECHILD',
    text: '{path} has ended without an error, or somebody has ended it: start the container once more',
  },
  {
    op: 'addVeth',
    error: 'ENOTSUP',
    text: 'this kernel has no veth, or does not load it by itself: modprobe veth, or one that has CONFIG_VETH',
  },
  {
    op: 'addAddress',
    error: 'EACCES',
    text:
      'IPv6 is switched off in new network namespaces, by net.ipv6.conf.default.disable_ipv6 of the machine: ' +
      'switch it on there, or off for good by ipv6.disable=1',
  },
];
