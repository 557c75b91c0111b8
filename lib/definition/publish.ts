/** Ports of a container that the host forwards to. */

import { contradiction, invalidType, invalidValue, withRemedy } from '../errors/errors.js';
import type { Namespace } from '../plan/constants.js';
import { integer, knownOptions, object, text } from './checks.js';
import { isAddress } from './hosts.js';
import type { JoinedNamespace } from './namespaces.js';

/** Options of {@link Container.publish}, and of a running container's. */
export interface PublishOptions {
  /** The address of the host to listen on. Default: `'127.0.0.1'`. */
  readonly host?: string | undefined;
  /** The port of the host, 0 to 65535; 0, the default, is any free one. */
  readonly port?: number | undefined;
}

/** What is published, and where the host listens for it. */
export interface Publication {
  /** The container's. */
  readonly containerPort: number;
  readonly host: string;
  /** The host's; 0 is any free one. */
  readonly port: number;
}

/** What is published, as a caller gives it. */
export type PublicationInput = { readonly containerPort: number } & PublishOptions;

/** The port of a service. */
export function checkServicePort(name: string, value: unknown): number {
  return integer(name, value, 1, 65_535);
}

/** What `publish(port, options)` takes. */
export function checkPublishCall(port: unknown, options: unknown): Publication {
  const meant = meantBy(port, options);
  if (meant !== undefined) throw withRemedy(invalidType(...meant.wrong), meant.right);
  knownOptions('publish()', options as object, ['host', 'port']);
  const { host = '127.0.0.1', port: outer = 0 } = options as PublishOptions;
  return { containerPort: checkServicePort('port', port), ...checkOuter('', host, outer) };
}

/** Other tools take a text, `HOST:CONTAINER`, or two numbers. */
function meantBy(
  port: unknown,
  options: unknown,
): { readonly wrong: readonly [name: string, expected: string, value: unknown]; readonly right: string } | undefined {
  const [, outer, inner] = /^(?:(\d+):)?(\d+)(?:\/tcp)?$/.exec(typeof port === 'string' ? port : '') ?? [];
  const call = (own: string, hosts: string | undefined): string =>
    hosts === undefined ? `publish(${own})` : `publish(${own}, { port: ${hosts} })`;
  if (inner !== undefined) return { wrong: ['port', 'a number', port], right: call(inner, outer) };
  if (typeof options !== 'number' || typeof port !== 'number') return undefined;
  return { wrong: ['the options of publish()', 'an object', options], right: call(String(port), String(options)) };
}

/** An entry of a definition's list. */
export function checkPublication(name: string, value: unknown): Publication {
  object(name, value);
  knownOptions(name, value as object, ['containerPort', 'host', 'port']);
  const { containerPort, host = '127.0.0.1', port = 0 } = value as PublicationInput;
  return {
    containerPort: checkServicePort(`${name}.containerPort`, containerPort),
    ...checkOuter(`${name}.`, host, port),
  };
}

function checkOuter(prefix: string, host: unknown, port: unknown): Omit<Publication, 'containerPort'> {
  const address = text(`${prefix}host`, host);
  if (!isAddress(address)) {
    throw invalidValue(`${prefix}host`, 'an address of this machine, such as "127.0.0.1" or "::1"', host);
  }
  return { host: address, port: integer(`${prefix === '' ? 'options.' : prefix}port`, port, 0, 65_535) };
}

/** Each port once, and of a network other than the host's. */
export function checkPublished(
  publish: readonly Publication[],
  namespaces: readonly (Namespace | JoinedNamespace)[],
): void {
  const ports = publish.map(({ containerPort }) => containerPort);
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  if (twice !== undefined) throw contradiction(`publish names port ${twice} more than once`);
  const hasNetwork = namespaces.some((entry) => (typeof entry === 'string' ? entry : entry.type) === 'network');
  if (ports.length > 0 && !hasNetwork) {
    throw contradiction('publish needs "network" among the namespaces: the ports are the host’s already');
  }
}
