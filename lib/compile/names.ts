/** How the container's own host name is resolved: /etc/hosts, hosts(5). */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Host } from '../host/facts.js';
import { isWithin } from '../plan/paths.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';

const PATH = '/etc/hosts';
const LOCAL = ['127.0.0.1\tlocalhost', '::1\tlocalhost'].join('\n');
const from = 'hostname()';

/** The name that a container has without `hostname()`. */
export const DEFAULT_HOSTNAME = 'carrel';

/**
 * Which /etc/hosts there is before the container's own name is added: the host's, whose network the container shares,
 * or that of the root filesystem. None where it is carrel's anyway, or not carrel's to say.
 */
export function hostsAskedFor(definition: ContainerDefinition): 'host' | 'root' | undefined {
  const { namespaces, rootfs, mounts } = definition;
  if (!namespaces.includes('mount') || !namespaces.includes('uts')) return undefined;
  if (mounts.some(({ target }) => isWithin(PATH, target))) return undefined;
  if (rootfs !== undefined) return 'root';
  return namespaces.includes('network') ? undefined : 'host';
}

/** Without a root filesystem, in a network of the container's own, or one that it joins. */
export function ownHosts(definition: ContainerDefinition, host: Host): StepOf<'file'> {
  const name = nameOf(definition) ?? host.hostname;
  return hostsFile(name === undefined ? LOCAL : withName(LOCAL, name));
}

/** The host's, in its network, with the container's own name; `undefined` where that is there, and none is known. */
export function hostsOfHost(definition: ContainerDefinition, host: Host): StepOf<'file'> | undefined {
  if (hostsAskedFor(definition) !== 'host') return undefined;
  const text = addition(definition, host);
  return text === undefined ? undefined : hostsFile(text);
}

/**
 * The root filesystem's. Over a file there lies one in memory with a line more, read-only. One that is missing is made
 * where that leaves the directory as it is: in memory, or where nothing can be written anyway.
 */
export function hostsOfRoot(definition: ContainerDefinition, host: Host, inMemory: boolean): readonly ContainerStep[] {
  if (hostsAskedFor(definition) !== 'root' || host.hosts === undefined) return [];
  const omit = (reason: string): readonly ContainerStep[] => [
    { op: 'omit', what: `the own host name in ${PATH}`, reason, from },
  ];
  const { text, problem } = host.hosts;
  if (problem !== undefined) return omit(problem);
  if (text === undefined && !inMemory && !definition.readonly) return omit('the root filesystem has no such file');
  const added = text === undefined ? withName(LOCAL, nameOf(definition) ?? '') : addition(definition, host);
  return added === undefined ? [] : [hostsFile(added)];
}

/** The text with the container's name; `undefined` where it has it, or nothing is known of it. */
function addition(definition: ContainerDefinition, { hosts }: Host): string | undefined {
  const name = nameOf(definition);
  if (hosts?.text === undefined || name === undefined || hasName(hosts.text, name)) return undefined;
  return withName(hosts.text.replace(/\n$/, ''), name);
}

/** `undefined`: it is the host's, or that of a namespace that is joined. */
function nameOf({ namespaces, hostname }: ContainerDefinition): string | undefined {
  return namespaces.includes('uts') ? (hostname ?? DEFAULT_HOSTNAME) : undefined;
}

/** A line of its own, so that the name is the canonical one; the first label goes with it. hosts(5) */
function withName(text: string, name: string): string {
  if (hasName(text, name)) return text;
  const [label = ''] = name.split('.', 1);
  const names = label === '' || label === name ? [name] : [name, label];
  return [text, `127.0.0.1\t${names.join(' ')}`].join('\n');
}

function hasName(text: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return text.split('\n').some((line) => {
    const [, ...names] = (line.split('#', 1)[0] ?? '').trim().toLowerCase().split(/\s+/);
    return names.includes(wanted);
  });
}

function hostsFile(text: string): StepOf<'file'> {
  return { op: 'file', target: PATH, mode: 0o644, content: new TextEncoder().encode(`${text}\n`), from };
}
