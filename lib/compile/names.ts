/** How names are resolved inside: /etc/hosts, with the container's own and those of `hosts()`. hosts(5) */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Hosts } from '../definition/hosts.js';
import { contradiction } from '../errors/errors.js';
import type { Host, HostText } from '../host/facts.js';
import { HOSTS_FILE, isWithin } from '../plan/paths.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { hasOwnNames } from './network.js';

const LOCAL = ['127.0.0.1\tlocalhost', '::1\tlocalhost'].join('\n');

/** The name that a container has without `hostname()`. */
export const DEFAULT_HOSTNAME = 'carrel';

/**
 * Which /etc/hosts there is before names are added: the host's, whose network the container shares, or that of the root
 * filesystem. None where it is carrel's anyway, or not carrel's to say.
 */
export function hostsAskedFor(definition: ContainerDefinition): 'host' | 'root' | undefined {
  const { namespaces, rootfs, mounts } = definition;
  if (!namespaces.includes('mount') || !(namespaces.includes('uts') || hasHosts(definition))) return undefined;
  if (mounts.some(({ target }) => target !== '/' && isWithin(HOSTS_FILE, target))) return undefined;
  if (rootfs !== undefined) return 'root';
  return hasOwnNames(definition) ? undefined : 'host';
}

/** Without a root filesystem, in a network of the container's own, or one that it joins. */
export function ownHosts(definition: ContainerDefinition, host: Host): StepOf<'file'> {
  return hostsFile(definition, withNames(LOCAL, definition, nameOf(definition) ?? host.hostname));
}

/** The host's, in its network, with the container's names; `undefined` where those are there, or none is known. */
export function hostsOfHost(definition: ContainerDefinition, host: Host): StepOf<'file'> | undefined {
  if (hostsAskedFor(definition) !== 'host') return undefined;
  const text = addition(definition, host.hosts);
  return text === undefined ? undefined : hostsFile(definition, text);
}

/**
 * The root filesystem's. Over a file there lies one in memory with more lines, read-only. One that is missing is made
 * where that leaves the directory as it is: in memory, or where nothing can be written anyway; and for `hosts()`.
 */
export function hostsOfRoot(definition: ContainerDefinition, host: Host, inMemory: boolean): readonly ContainerStep[] {
  if (hostsAskedFor(definition) !== 'root' || host.hosts === undefined) return [];
  const omit = (reason: string): readonly ContainerStep[] => [
    { op: 'omit', what: `the own host name in ${HOSTS_FILE}`, reason, from: 'hostname()' },
  ];
  const { text, problem } = host.hosts;
  const isAsked = hasHosts(definition);
  if (problem !== undefined && !isAsked) return omit(problem);
  if (text === undefined && !isAsked && !inMemory && !definition.readonly) {
    return omit('the root filesystem has no such file');
  }
  const isMissing = text === undefined && problem === undefined;
  const added = isMissing ? withNames(LOCAL, definition, nameOf(definition)) : addition(definition, host.hosts);
  return added === undefined ? [] : [hostsFile(definition, added)];
}

function hasHosts({ hosts }: ContainerDefinition): boolean {
  return Object.keys(hosts).length > 0;
}

/** The text with the container's names; `undefined` where it has them, or nothing is known of it. */
function addition(definition: ContainerDefinition, hosts: HostText | undefined): string | undefined {
  const isAsked = hasHosts(definition);
  if (hosts?.problem !== undefined && isAsked) {
    throw contradiction(`hosts() cannot be added to ${HOSTS_FILE}: ${hosts.problem}`);
  }
  const text = hosts?.text ?? (isAsked ? LOCAL : undefined);
  if (text === undefined) return undefined;
  const before = text.replace(/\n$/, '');
  const after = withNames(before, definition, nameOf(definition));
  return after === before ? undefined : after;
}

/** `undefined`: it is the host's, or that of a namespace that is joined. */
function nameOf({ namespaces, hostname }: ContainerDefinition): string | undefined {
  return namespaces.includes('uts') ? (hostname ?? DEFAULT_HOSTNAME) : undefined;
}

/** The container's own name, unless the text has it, and those of `hosts()`, which count before all. */
function withNames(text: string, { hosts }: ContainerDefinition, own: string | undefined): string {
  const kept = text.split('\n').flatMap((line) => without(line, hosts));
  const lines = own === undefined || hasName(text, own) ? [] : ownLine(own, hosts);
  return [...kept, ...lines, ...Object.entries(hosts).map(([name, address]) => `${address}\t${name}`)].join('\n');
}

/** A line of its own, so that the name is the canonical one; the first label goes with it. hosts(5) */
function ownLine(name: string, hosts: Hosts): readonly string[] {
  const [label = ''] = name.split('.', 1);
  const names = [...new Set([name, ...(label === '' ? [] : [label])])].filter((one) => !isIn(hosts, one));
  return names.length === 0 ? [] : [`127.0.0.1\t${names.join(' ')}`];
}

/** What a line of the file says of other names: programs take every line that has theirs. getaddrinfo(3) */
function without(line: string, hosts: Hosts): readonly string[] {
  const [entry = ''] = line.split('#', 1);
  const [address, ...names] = entry.trim().split(/\s+/);
  const others = names.filter((name) => !isIn(hosts, name));
  if (others.length === names.length) return [line];
  return others.length === 0 ? [] : [`${address}\t${others.join(' ')}${line.slice(entry.trimEnd().length)}`];
}

function isIn(hosts: Hosts, name: string): boolean {
  return Object.hasOwn(hosts, name.toLowerCase());
}

function hasName(text: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return text.split('\n').some((line) => {
    const [, ...names] = (line.split('#', 1)[0] ?? '').trim().toLowerCase().split(/\s+/);
    return names.includes(wanted);
  });
}

function hostsFile(definition: ContainerDefinition, text: string): StepOf<'file'> {
  const from = hasHosts(definition) ? 'hosts()' : 'hostname()';
  return { op: 'file', target: HOSTS_FILE, mode: 0o644, content: new TextEncoder().encode(`${text}\n`), from };
}
