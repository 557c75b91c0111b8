/** What the container's file system is made of, in the order of mounting. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Mount, TmpfsMount } from '../definition/mounts.js';
import type { User } from '../definition/user.js';
import type { MountAttribute } from '../plan/constants.js';
import { freezeDeep } from '../plan/plan.js';
import type { ContainerStep, HostStep, StepOf } from '../plan/steps.js';
import type { Host, HostEntry } from './host.js';
import { canMapRange, type IdPlan } from './ids.js';
import { sysctls } from './namespace-settings.js';
import type { Slots } from './slots.js';

export interface MountPlan {
  /** What the supervisor prepares: trees that the child could not open, or may not map. */
  readonly acts: readonly HostStep[];
  readonly steps: readonly ContainerStep[];
}

export function planMounts(
  definition: ContainerDefinition,
  ids: IdPlan,
  host: Host,
  user: User,
  slots: Slots,
): MountPlan {
  if (!definition.namespaces.includes('mount')) return { acts: [], steps: [] };
  const acts: HostStep[] = [];
  const trees = new Trees(ids, host, slots, acts);
  const root =
    definition.rootfs === undefined ? hostPrograms(host, trees, user) : rootfs(definition, definition.rootfs, trees);
  const steps: ContainerStep[] = [
    // First of all: else what is mounted below would show on the host. mount_namespaces(7)
    { op: 'propagation', target: '/', type: 'private' },
    ...root,
    ...proc(definition),
    ...dev(definition, ids, host, user),
    ...temporary(definition),
    ...definition.mounts.flatMap((mount) => userMount(mount, definition, trees)),
    // Made read-only when all that belongs there is there.
    ...(definition.readonly && definition.rootfs === undefined
      ? [{ op: 'mountSetattr', target: '/', attributes: ['readonly'], from: 'readonly()' } as const]
      : []),
    ...noNestedUsers(definition),
    ...sysctls(definition),
    ...host.masked.map((target): ContainerStep => ({ op: 'mask', target })),
    ...host.readonly.map((target): ContainerStep => ({ op: 'readonlyPath', target })),
    { op: 'pivotRoot' },
  ];
  return { acts, steps };
}

/** Where a tree of the host comes from: opened by the child, or by the supervisor into a slot. */
type Source = { readonly slot: number } | { readonly source: string };

/**
 * Trees of the host. With a range of ids the child is nobody on the host and may not reach them, so the supervisor opens
 * them; and only the supervisor may have their owners mapped. Otherwise the child opens them with its caller's rights.
 */
class Trees {
  readonly #ids: IdPlan;
  readonly #host: Host;
  readonly #slots: Slots;
  readonly #acts: HostStep[];

  constructor(ids: IdPlan, host: Host, slots: Slots, acts: HostStep[]) {
    this.#host = host;
    this.#ids = ids;
    this.#slots = slots;
    this.#acts = acts;
  }

  open(source: string, recursive: boolean, mapped: boolean, option?: string): Source {
    const ids = this.#ids;
    // An ordinary user's child opens them by itself; so it does where owners are not to be mapped.
    if (ids.kind !== 'range' && (ids.kind !== 'joined' || !canMapRange(this.#host))) return { source };
    const slot = this.#slots.add(source);
    const from = option === undefined ? {} : { from: option };
    this.#acts.push({ op: 'openTree', slot, source, recursive, ...from });
    const namespace = ids.kind === 'joined' && ids.slot !== undefined ? { namespace: ids.slot } : {};
    if (mapped) this.#acts.push({ op: 'idmap', slot, ...namespace, ...from });
    return { slot };
  }
}

function rootfs(definition: ContainerDefinition, directory: string, trees: Trees): readonly ContainerStep[] {
  const from = 'rootfs()';
  const attributes: MountAttribute[] = ['nodev'];
  // Set-user-id programs of the image are of use only where new privileges are allowed.
  if (definition.noNewPrivileges) attributes.push('nosuid');
  if (definition.readonly) attributes.push('readonly');
  return [
    {
      op: 'bind',
      ...trees.open(directory, true, true, from),
      target: '/',
      attributes,
      recursive: true,
      create: false,
      from,
    },
  ];
}

/** The host's programs and none of its data: a file system in memory with the programs bound into it, read-only. */
function hostPrograms(host: Host, trees: Trees, user: User): readonly ContainerStep[] {
  const own = user.uid === 0 ? [] : [`user:x:${user.uid}:${user.gid}::/:/bin/sh`];
  const ownGroup = user.gid === 0 ? [] : [`user:x:${user.gid}:`];
  return [
    {
      op: 'mount',
      type: 'tmpfs',
      target: '/',
      options: ['mode=755'],
      attributes: ['nosuid', 'nodev'],
      nofollow: false,
    },
    ...['/proc', '/dev', '/run', '/home', '/etc'].map(
      (target): ContainerStep => ({ op: 'directory', target, mode: 0o755 }),
    ),
    { op: 'directory', target: '/root', mode: 0o700 },
    { op: 'directory', target: '/tmp', mode: 0o1777 },
    { op: 'directory', target: '/var/tmp', mode: 0o1777 },
    ...host.programs.map((entry) => hostEntry(entry, trees)),
    ...(host.execDir === undefined ? [] : [hostEntry({ path: host.execDir, directory: true }, trees)]),
    ...host.settings.map((entry) => hostEntry(entry, trees)),
    textFile('/etc/passwd', ['root:x:0:0:root:/root:/bin/sh', ...own, 'nobody:x:65534:65534:nobody:/:/bin/false']),
    textFile('/etc/group', ['root:x:0:', 'tty:x:5:', ...ownGroup, 'nogroup:x:65534:']),
    textFile('/etc/hosts', ['127.0.0.1\tlocalhost', '::1\tlocalhost']),
    textFile('/etc/nsswitch.conf', [
      'passwd: files',
      'group: files',
      'hosts: files dns',
      'services: files',
      'protocols: files',
    ]),
  ];
}

/** As it is on the host: a link as a link, all else bound, with owners unmapped: to the container they are nobody's. */
function hostEntry({ path, link }: HostEntry, trees: Trees): ContainerStep {
  if (link !== undefined) return { op: 'symlink', target: path, text: link };
  const attributes: readonly MountAttribute[] = ['readonly', 'nosuid', 'nodev'];
  return { op: 'bind', ...trees.open(path, true, false), target: path, attributes, recursive: true, create: true };
}

function textFile(target: string, lines: readonly string[]): StepOf<'file'> {
  return { op: 'file', target, mode: 0o644, content: new TextEncoder().encode(`${lines.join('\n')}\n`) };
}

function proc({ namespaces }: ContainerDefinition): readonly ContainerStep[] {
  const attributes: readonly MountAttribute[] = ['nosuid', 'nodev', 'noexec'];
  if (namespaces.some((entry) => entry === 'pid' || (typeof entry !== 'string' && entry.type === 'pid'))) {
    // On a real directory only: behind a link it would be mounted elsewhere, and /proc would be the image's. CVE-2019-19921
    return [{ op: 'mount', type: 'proc', target: '/proc', options: [], attributes, nofollow: true }];
  }
  // The caller's processes are visible, as was asked for; a new proc would be refused to a user namespace. proc(5)
  return [
    { op: 'bind', source: '/proc', target: '/proc', attributes, recursive: true, create: false, from: 'namespaces()' },
  ];
}

/** Bound from the host: a user namespace cannot make devices. */
const DEVICES: readonly ContainerStep[] = freezeDeep(
  (
    [
      ['null', 1, 3],
      ['zero', 1, 5],
      ['full', 1, 7],
      ['random', 1, 8],
      ['urandom', 1, 9],
      ['tty', 5, 0],
    ] as const
  ).map(([name, major, minor]) => ({ op: 'device', source: `/dev/${name}`, target: `/dev/${name}`, major, minor })),
);

const DEVICE_LINKS: readonly ContainerStep[] = freezeDeep(
  (
    [
      ['ptmx', 'pts/ptmx'],
      ['fd', '/proc/self/fd'],
      ['stdin', '/proc/self/fd/0'],
      ['stdout', '/proc/self/fd/1'],
      ['stderr', '/proc/self/fd/2'],
    ] as const
  ).map(([name, text]) => ({ op: 'symlink', target: `/dev/${name}`, text })),
);

/** A /dev of the container's own, as the OCI runtime specification lists it. */
function dev(definition: ContainerDefinition, ids: IdPlan, host: Host, user: User): readonly ContainerStep[] {
  const quiet: readonly MountAttribute[] = ['nosuid', 'nodev', 'noexec'];
  // Group 5 is tty wherever it exists. An ordinary user has one group only, and nobody knows which a joined namespace has.
  const tty = ids.kind === 'one' || ids.kind === 'joined' ? [] : ['gid=5'];
  const owner = user.uid === 0 ? [] : [`uid=${user.uid}`];
  const steps: ContainerStep[] = [
    // Devices are mounts of their own with attributes of their own, so nodev here keeps out all others.
    {
      op: 'mount',
      type: 'tmpfs',
      target: '/dev',
      options: ['mode=755', 'size=64k'],
      attributes: quiet,
      nofollow: true,
    },
    ...DEVICES,
    { op: 'directory', target: '/dev/pts', mode: 0o755 },
    {
      op: 'mount',
      type: 'devpts',
      target: '/dev/pts',
      options: ['newinstance', 'ptmxmode=0666', 'mode=0620', ...tty, ...owner],
      // devpts is all devices: nodev would forbid every terminal.
      attributes: ['nosuid', 'noexec'],
      nofollow: true,
    },
    ...DEVICE_LINKS,
    { op: 'directory', target: '/dev/shm', mode: 0o1777 },
    {
      op: 'mount',
      type: 'tmpfs',
      target: '/dev/shm',
      options: ['mode=1777', 'size=64m'],
      attributes: quiet,
      nofollow: true,
    },
  ];
  if (definition.namespaces.includes('ipc')) {
    steps.push(
      { op: 'directory', target: '/dev/mqueue', mode: 0o1777 },
      { op: 'mount', type: 'mqueue', target: '/dev/mqueue', options: [], attributes: quiet, nofollow: true },
    );
  }
  if (!definition.namespaces.includes('network') && definition.rootfs === undefined) {
    steps.push(...host.resolver.map((entry): ContainerStep => resolver(entry)));
  }
  return steps;
}

/** In the host's network, names are resolved as the host does. */
function resolver({ path }: HostEntry): ContainerStep {
  const target = path.endsWith('hosts') ? '/etc/hosts' : '/etc/resolv.conf';
  return {
    op: 'bind',
    source: path,
    target,
    attributes: ['readonly', 'nosuid', 'nodev'],
    recursive: true,
    create: true,
    from: 'namespaces()',
  };
}

/**
 * No user namespaces inside: each would hold all capabilities over its own, and with them the code of the kernel that only they
 * reach. Who is given CAP_SYS_ADMIN is meant to make containers. Before /proc/sys becomes read-only. namespaces(7), Linux 4.9
 */
function noNestedUsers({ namespaces, capabilities }: ContainerDefinition): readonly ContainerStep[] {
  if (!namespaces.includes('user') || capabilities.includes('CAP_SYS_ADMIN')) return [];
  return [{ op: 'sysctl', path: 'user/max_user_namespaces', value: '0' }];
}

/** /tmp of the container's own. Without a root file system all is in memory anyway, and /tmp is there. */
function temporary(definition: ContainerDefinition): readonly ContainerStep[] {
  if (definition.rootfs === undefined && !definition.readonly) return [];
  return [
    {
      op: 'mount',
      type: 'tmpfs',
      target: '/tmp',
      options: ['mode=1777'],
      attributes: ['nosuid', 'nodev'],
      nofollow: false,
    },
  ];
}

function userMount(mount: Mount, definition: ContainerDefinition, trees: Trees): readonly ContainerStep[] {
  const from = `mount(${mount.type}())`;
  const create = isOurs(mount.target, definition);
  if (mount.type === 'bind') {
    const attributes: readonly MountAttribute[] = mount.readonly
      ? ['nosuid', 'nodev', 'readonly']
      : ['nosuid', 'nodev'];
    const tree = trees.open(mount.source, mount.recursive, true, from);
    return [{ op: 'bind', ...tree, target: mount.target, attributes, recursive: mount.recursive, create, from }];
  }
  const made: readonly ContainerStep[] = create ? [{ op: 'directory', target: mount.target, mode: 0o755, from }] : [];
  return [...made, tmpfsStep(mount, from)];
}

function tmpfsStep({ target, size, mode }: TmpfsMount, from: string): ContainerStep {
  const options = [`mode=${mode.toString(8)}`, ...(size === undefined ? [] : [`size=${size}`])];
  return { op: 'mount', type: 'tmpfs', target, options, attributes: ['nosuid', 'nodev'], nofollow: false, from };
}

/**
 * Whether a missing target may be made: where the last mount around it is a file system in memory. A tree that the caller
 * owns is never written to.
 */
function isOurs(target: string, { rootfs, mounts }: ContainerDefinition): boolean {
  const around = mounts
    .filter((mount) => target.startsWith(`${mount.target}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
  if (around !== undefined) return around.type === 'tmpfs';
  return rootfs === undefined || target.startsWith('/dev/') || target.startsWith('/tmp/');
}
