/** What steps about networks are to the kernel, and how a call that is expected is written down. */

import type { NETWORK_STEPS } from '#lib/plan/steps/network.js';
import type { StepOf } from '#lib/plan/steps.js';

/**
 * A call that is expected: its name and what must be found in its arguments. `optional`: where it was not necessary.
 */
export interface Expected {
  readonly name: string;
  readonly args: readonly string[];
  readonly optional?: true;
}

export const call = (name: string, ...args: readonly string[]): Expected => ({ name, args });
export const maybe = (name: string, ...args: readonly string[]): Expected => ({ name, args, optional: true });
export const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** What the kernel is asked of its networks. strace decodes what is sent to a netlink socket. */
const asked = (type: string): readonly Expected[] => [call('socket', 'AF_NETLINK, SOCK_RAW'), call('write', type)];

export const NETWORK_CALLS: {
  readonly [O in keyof typeof NETWORK_STEPS]: (step: StepOf<O>) => readonly Expected[];
} = {
  linkUp: ({ name }) => [
    call('socket', 'AF_INET, SOCK_DGRAM'),
    call('ioctl', 'SIOCGIFFLAGS', quote(name)),
    call('ioctl', 'SIOCSIFFLAGS', quote(name), 'IFF_UP'),
  ],
  newNetwork: () => [call('ioctl', 'SIOCGSKNS'), call('unshare', 'CLONE_NEWNET'), call('ioctl', 'SIOCGSKNS')],
  addVeth: () => asked('RTM_NEWLINK'),
  addAddress: ({ name }) => [call('ioctl', 'SIOCGIFINDEX', quote(name)), ...asked('RTM_NEWADDR')],
  addRoute: ({ name }) => [call('ioctl', 'SIOCGIFINDEX', quote(name)), ...asked('RTM_NEWROUTE')],
  removeRoute: ({ name }) => [call('ioctl', 'SIOCGIFINDEX', quote(name)), ...asked('RTM_DELROUTE')],
  listenTcp: ({ port, backlog }) => [
    call('socket', 'SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC'),
    call('bind', `htons(${port})`),
    call('listen', `, ${backlog}`),
  ],
  bindUdp: ({ address, port }) => [
    call('socket', 'SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC'),
    call('bind', `htons(${port})`, quote(address)),
  ],
  // The rest is of processes of its own.
  connectNetwork: () => [call('socketpair'), call('clone', 'SIGCHLD')],
};
