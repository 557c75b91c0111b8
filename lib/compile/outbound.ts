/** A way out for everything: a program of the host's connects the container's network. */

import type { ContainerDefinition } from '../definition/definition.js';
import { noOutbound } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import { forwardedBy } from './outbound-resolver.js';

/** The interface inside. */
const INTERFACE = 'tap0';

/** What the program has as files, by their numbers: see the step. */
const NETWORK = '/proc/self/fd/0';
const USER = '/proc/self/fd/1';
const READY = '3';

export interface Outbound {
  readonly acts: readonly HostStep[];
  /** When the interface is there. */
  readonly routes: readonly ContainerStep[];
}

const NONE: Outbound = { acts: [], routes: [] };

/** The loopback, which stays within though a program sends to it by the interface. SO_BINDTODEVICE in socket(7) */
const LOOPBACK = [
  { destination: '127.0.0.0', prefix: 8 },
  { destination: '::1', prefix: 128 },
] as const;

/**
 * pasta where it is there: its container has IPv6 at once, and no way to what listens on the host's own addresses. It
 * keeps fewer rights, too. slirp4netns otherwise.
 */
export function planOutbound({ network, namespaces }: ContainerDefinition, host: Host): Outbound {
  if (network !== 'outbound') return NONE;
  const { outbound } = host;
  if (outbound === undefined) throw noOutbound();
  const { pasta, slirp4netns } = outbound;
  const ipv6 = host.ipv6 === true;
  const from = 'network()';
  const own = namespaces.includes('user');
  const root = host.uid === 0;
  const routes = LOOPBACK.filter(({ destination }) => ipv6 || !destination.includes(':')).map(
    (loopback) => ({ op: 'addRoute', name: INTERFACE, type: 'local', ...loopback, from }) as const,
  );
  if (pasta !== undefined) {
    const args = argumentsOfPasta({ own, forwarded: forwardedBy(outbound), root });
    return { acts: [{ op: 'connectNetwork', path: pasta, args, from }], routes };
  }
  if (slirp4netns === undefined) throw noOutbound();
  const args = argumentsOfSlirp({ own, ipv6, root });
  return { acts: [{ op: 'connectNetwork', path: slirp4netns, args, from }], routes };
}

/** It keeps no way from or to the host's loopback, and ends where it was, as who runs it says. pasta(1) */
function argumentsOfPasta({
  own,
  forwarded,
  root,
}: {
  readonly own: boolean;
  readonly forwarded: string | undefined;
  readonly root: boolean;
}): readonly string[] {
  return [
    '--quiet',
    '--config-net',
    ...['--ns-ifname', INTERFACE],
    '--no-map-gw',
    ...['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none'],
    ...(forwarded === undefined ? [] : ['--dns-forward', forwarded]),
    // Who is root changes to nobody otherwise, who may not open what follows.
    ...(root ? ['--runas', '0'] : []),
    '--no-netns-quit',
    ...(own ? ['--userns', USER] : ['--netns-only']),
    ...['--netns', NETWORK],
  ];
}

/** slirp4netns(1) */
function argumentsOfSlirp({
  own,
  ipv6,
  root,
}: {
  readonly own: boolean;
  readonly ipv6: boolean;
  readonly root: boolean;
}): readonly string[] {
  return [
    '--configure',
    '--mtu=65520',
    '--disable-host-loopback',
    ...(ipv6 ? ['--enable-ipv6'] : []),
    // It takes the user namespace of a process for that, and knows only a path here. Who is root stays outside.
    ...(root ? ['--enable-sandbox'] : []),
    '--enable-seccomp',
    `--ready-fd=${READY}`,
    '--netns-type=path',
    ...(own ? [`--userns-path=${USER}`] : []),
    NETWORK,
    INTERFACE,
  ];
}
