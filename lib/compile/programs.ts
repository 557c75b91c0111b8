/** The root of a container that is given none: the host's programs. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Host, HostPath } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import { isWithin } from '../plan/paths.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { hasGroup } from './ids.js';
import { hostsOfHost, ownHosts } from './names.js';
import { type OverlayPlace, overlaySteps } from './overlay.js';
import { ownRoot } from './places.js';
import { ownResolver, resolversOfHost } from './resolver.js';
import type { RootParts } from './root.js';
import { tmpfsStep } from './tmpfs.js';
import type { Trees } from './trees.js';
import { OWN_GROUP, OWN_PASSWD, TTY_GID } from './users.js';

/** The host's programs and none of its data: a file system in memory with the programs bound into it, read-only. */
export function hostPrograms(definition: ContainerDefinition, parts: RootParts): readonly ContainerStep[] {
  const { host, trees, places } = parts;
  const shown = [...host.programs, ...host.settings];
  const begun = ownRoot(definition);
  if (begun === undefined) {
    return [
      tmpfsStep('/', ['mode=755']),
      ...places.capture('/', '/'),
      ...ownEntries(parts),
      ...shown.map((entry) => hostEntry(entry, trees)),
      ...ownFiles(definition, parts),
      ...resolversOfHost(definition, host),
      ...ownResolver(definition, host),
    ];
  }
  const place: OverlayPlace = { target: '/', attributes: ['nosuid', 'nodev'], from: 'mount(overlay())', places };
  return [
    ...overlaySteps(definition, begun, place, host, trees),
    // The layers have all else that carrel makes there, or what has become of it.
    ...['/proc', '/sys', '/dev'].map((target): ContainerStep => ({ op: 'directory', target, mode: 0o755 })),
    ...shown.map((entry) => hostEntry(entry, trees)),
    ...resolversOfHost(definition, host),
    ...ownResolver(definition, host),
  ];
}

/** The directories of a root that begins empty. */
function ownEntries({ host }: RootParts): readonly ContainerStep[] {
  return [
    ...['/proc', '/sys', '/dev', '/run', '/home', '/etc'].map(
      (target): ContainerStep => ({ op: 'directory', target, mode: 0o755 }),
    ),
    // Every user who runs a program in it has to pass.
    { op: 'directory', target: '/root', mode: holdsExecutable('/root', host) ? 0o711 : 0o700 },
    { op: 'directory', target: '/tmp', mode: 0o1777 },
    { op: 'directory', target: '/var/tmp', mode: 0o1777 },
  ];
}

/** Its files, which programs look for. */
function ownFiles(definition: ContainerDefinition, { ids, host, user }: RootParts): readonly ContainerStep[] {
  const own = isListed(OWN_PASSWD, user.uid) ? [] : [`user:x:${user.uid}:${user.gid}::/:/bin/sh`];
  // What gives a terminal to the group tty, as sshd does, takes the user's own where there is none of that name.
  const groups = OWN_GROUP.filter((line) => !line.startsWith('tty:') || hasGroup(ids, TTY_GID));
  const ownGroup = isListed(groups, user.gid) ? [] : [`user:x:${user.gid}:`];
  return [
    textFile('/etc/passwd', [...OWN_PASSWD, ...own]),
    textFile('/etc/group', [...groups, ...ownGroup]),
    hostsOfHost(definition, host) ?? ownHosts(definition, host),
    textFile('/etc/nsswitch.conf', [
      'passwd: files',
      'group: files',
      'hosts: files dns',
      'services: files',
      'protocols: files',
    ]),
  ];
}

/** Node itself, and its packages: after /tmp and /dev, where it may be. */
export function executable({ rootfs }: ContainerDefinition, host: Host, trees: Trees): readonly ContainerStep[] {
  return rootfs === undefined ? host.executable.shown.map((entry) => hostEntry(entry, trees)) : [];
}

function holdsExecutable(directory: string, { executable: { shown } }: Host): boolean {
  return shown.some(({ path }) => isWithin(path, directory));
}

function isListed(lines: readonly string[], id: number): boolean {
  return lines.some((line) => line.split(':')[2] === String(id));
}

/** As it is on the host: a link as a link, all else bound, with owners unmapped: to the container they are nobody's. */
function hostEntry({ path, link }: HostPath, trees: Trees): ContainerStep {
  if (link !== undefined) return { op: 'symlink', target: path, text: link };
  const attributes: readonly MountAttribute[] = ['readonly', 'nosuid', 'nodev'];
  return { op: 'bind', ...trees.open(path, true, false), target: path, attributes, recursive: true, create: true };
}

function textFile(target: string, lines: readonly string[]): StepOf<'file'> {
  return { op: 'file', target, mode: 0o644, content: new TextEncoder().encode(`${lines.join('\n')}\n`) };
}
