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

/** Kinds of messages. rtnetlink(7) */
const RTM = { newLink: 16, newAddress: 20, newRoute: 24, removeRoute: 25 } as const;

/** What the kernel is asked of its networks: behind the size of the message is its kind, as strace(1) writes bytes. */
const asked = (kind: keyof typeof RTM): readonly Expected[] => [
  call('socket', 'AF_NETLINK, SOCK_RAW'),
  call('write', `\\0\\0\\0\\${RTM[kind].toString(8)}\\0\\5`),
];

/** That of a socket which is made for it. */
const itsNetwork = [call('socket', 'AF_INET, SOCK_DGRAM'), call('ioctl', 'SIOCGSKNS')];

/** The number of an interface. */
const numberOf = (name: string): readonly Expected[] => [
  call('socket', 'AF_INET, SOCK_DGRAM'),
  call('ioctl', 'SIOCGIFINDEX', quote(name)),
];

export const NETWORK_CALLS: {
  readonly [O in keyof typeof NETWORK_STEPS]: (step: StepOf<O>) => readonly Expected[];
} = {
  linkUp: ({ name }) => [
    call('socket', 'AF_INET, SOCK_DGRAM'),
    call('ioctl', 'SIOCGIFFLAGS', quote(name)),
    call('ioctl', 'SIOCSIFFLAGS', quote(name), 'IFF_UP'),
  ],
  newNetwork: () => [...itsNetwork, call('unshare', 'CLONE_NEWNET'), ...itsNetwork],
  addVeth: () => asked('newLink'),
  addAddress: ({ name }) => [...numberOf(name), ...asked('newAddress')],
  addRoute: ({ name }) => [...numberOf(name), ...asked('newRoute')],
  removeRoute: ({ name }) => [...numberOf(name), ...asked('removeRoute')],
  listenTcp: ({ port, family, backlog, bufferBytes }) => [
    call('socket', 'SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK'),
    ...(bufferBytes === 0
      ? []
      : ['SO_RCVBUF', 'SO_SNDBUF'].map((name) => call('setsockopt', name, `[${bufferBytes}]`))),
    ...(family === 'ipv6' ? [call('setsockopt', 'IPV6_V6ONLY', '[0]')] : []),
    call('bind', `htons(${port})`),
    call('listen', `, ${backlog}`),
  ],
  bindUdp: ({ address, port }) => [
    call('socket', 'SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK'),
    call('bind', `htons(${port})`, quote(address)),
  ],
  // The rest is of processes of its own.
  connectNetwork: () => [call('socketpair'), call('clone', 'SIGCHLD')],
};
