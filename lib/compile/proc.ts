/** What the kernel says about itself: /proc and /sys, and what of them is hidden or read-only. */

import type { ContainerDefinition } from '../definition/definition.js';
import { contradiction } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import { hasNamespace, inUserNamespace } from './ids.js';
import { layersOf } from './layers.js';
import { boundingSet } from './security.js';

/** Where they are named. proc_pid_cgroup(5), cpuset(7) */
const CGROUPS_OF_INIT = ['/proc/1/cgroup', '/proc/1/cpuset', '/proc/1/task/1/cgroup', '/proc/1/task/1/cpuset'];

const attributes: readonly MountAttribute[] = ['nosuid', 'nodev', 'noexec'];

/** A /proc of the container's own, the host's, or none; `'auto'` takes the first that the kernel allows. */
export function proc(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  const { proc: choice } = definition;
  if (choice === 'none') return [];
  const ownPids = hasNamespace(definition, 'pid');
  const refused = inUserNamespace(definition, host) && !canMountNew(host, 'proc', false);
  if (choice === 'new' && !ownPids) {
    throw contradiction('proc(\'new\') needs "pid" among the namespaces: a new /proc shows one pid namespace');
  }
  if (choice === 'new' && refused) {
    throw contradiction(
      "proc('new'): the kernel would refuse it, because the /proc around this process is partly hidden, as in Docker " +
        "and Kubernetes; proc('bind') shows the outer one, proc('auto') decides",
    );
  }
  if (ownPids && choice !== 'bind' && !refused) {
    // On a real directory only: behind a link it would be mounted elsewhere, and /proc would be the image's.
    // CVE-2019-19921
    return [{ op: 'mount', type: 'proc', target: '/proc', options: [], attributes, nofollow: true, own: false }];
  }
  // Without a pid namespace of its own the caller's processes are visible, as the definition says. The kernel would
  // refuse a new proc to a user namespace. proc(5)
  const from = choice === 'bind' || ownPids ? 'proc()' : 'namespaces()';
  const why: readonly ContainerStep[] =
    choice === 'auto' && ownPids
      ? [
          {
            op: 'omit',
            what: 'a new /proc',
            reason: 'the one around this process is partly hidden, and is bound instead',
            from,
          },
        ]
      : [];
  return [...why, { op: 'bind', source: '/proc', target: '/proc', attributes, recursive: true, create: false, from }];
}

/** Whether the container has a /proc of its own. */
export function hasNewProc(definition: ContainerDefinition, host: Host): boolean {
  return proc(definition, host).some(({ op }) => op === 'mount');
}

/**
 * A read-only /sys, which shows the container's own network: it takes a network namespace of one's own. Where there can
 * be none of its own there is none: the host's would show the host's network and cgroups. sysfs(5)
 */
export function sys(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  const reason = whyNoSys(definition, host);
  if (reason !== undefined) return [{ op: 'omit', what: '/sys', reason }];
  return [
    {
      op: 'mount',
      type: 'sysfs',
      target: '/sys',
      options: [],
      attributes: ['readonly', ...attributes],
      nofollow: true,
      own: false,
    },
  ];
}

/** Whether the container has a /sys of carrel's. */
export function showsSys(definition: ContainerDefinition, host: Host): boolean {
  return whyNoSys(definition, host) === undefined;
}

function whyNoSys(definition: ContainerDefinition, host: Host): string | undefined {
  if (!definition.namespaces.includes('network')) return 'it would show a network that is not the container’s own';
  if (inUserNamespace(definition, host) && !canMountNew(host, 'sysfs', true))
    return 'the one around this process is partly hidden, and the kernel refuses a new one';
  const { rootfs } = definition;
  if (rootfs === undefined) return undefined;
  // The topmost layer that has one decides; a link there would lead the mount elsewhere.
  const top = layersOf(rootfs)
    .map((root) => host.found.find(({ path }) => path === sysOf(root)))
    .find((entry) => entry !== undefined);
  return top?.directory === true ? undefined : 'the root filesystem has no such directory';
}

/** Where a root file system's /sys would be. */
export function sysOf(root: string): string {
  return root === '/' ? '/sys' : `${root}/sys`;
}

/** OCI `maskedPaths` and `readonlyPaths`, of what is there. */
export function hidden(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  const shown = (path: string): boolean =>
    path.startsWith('/sys/') ? whyNoSys(definition, host) === undefined : definition.proc !== 'none';
  const { limits, init, namespaces, proc: choice } = definition;
  // Init stays in the cgroups of who started it, which are not the container's: their names are nobody's business.
  const limited = limits !== undefined && (host.cgroups?.hierarchies.length ?? 0) > 0;
  const foreign = limited && init && namespaces.includes('pid') && choice !== 'none';
  return [
    ...(foreign ? CGROUPS_OF_INIT.map((target): ContainerStep => ({ op: 'mask', target, from: 'limits()' })) : []),
    ...host.masked.filter(shown).map((target): ContainerStep => ({ op: 'mask', target })),
    ...host.readonly.filter(shown).map((target): ContainerStep => ({ op: 'readonlyPath', target })),
  ];
}

/**
 * No user namespaces inside: each would hold all capabilities over its own, and with them reach code of the kernel that
 * only they reach. A container that is given CAP_SYS_ADMIN is meant to make containers. The writer decides which
 * namespace it is about, in any /proc. namespaces(7), Linux 4.9
 */
export function noNestedUsers(definition: ContainerDefinition, host: Host): readonly ContainerStep[] {
  if (!definition.namespaces.includes('user') || boundingSet(definition).includes('CAP_SYS_ADMIN')) return [];
  const reason = whyNotSet(definition, host);
  return reason === undefined
    ? [{ op: 'sysctl', path: 'user/max_user_namespaces', value: '0' }]
    : [{ op: 'omit', what: 'the ban on user namespaces inside', reason }];
}

/** Settings that carrel makes by itself, or why it does not. */
export function ownSettings(
  definition: ContainerDefinition,
  host: Host,
  settings: readonly ContainerStep[],
): readonly ContainerStep[] {
  const reason = settings.length === 0 ? undefined : whyNotSet(definition, host);
  return reason === undefined ? settings : [{ op: 'omit', what: 'quotas of users inside, and ping for all', reason }];
}

function whyNotSet(definition: ContainerDefinition, host: Host): string | undefined {
  if (host.mounts.some(({ path, options }) => path === '/proc/sys' && options.includes('ro')))
    return '/proc/sys around this process is read-only';
  if (host.processesOnly && !hasNewProc(definition, host))
    return '/proc around this process shows processes only (subset=pid), and this container has no new one';
  return undefined;
}

/**
 * Directories of proc and sysfs that are there to be mounted on, and always empty: they hide nothing.
 * proc_create_mount_point(), sysfs_create_mount_point()
 */
const MOUNT_POINTS: readonly string[] = [
  '/fs/nfsd',
  '/sys/fs/binfmt_misc',
  '/firmware/efi/efivars',
  '/fs/bpf',
  '/fs/cgroup',
  '/fs/fuse/connections',
  '/fs/pstore',
  '/fs/resctrl',
  '/fs/selinux',
  '/fs/smackfs',
  '/kernel/config',
  '/kernel/debug',
  '/kernel/security',
  '/kernel/tracing',
];

/**
 * Whether the kernel gives a user namespace a new proc or sysfs. It does where one is in sight as a whole, and the new
 * one is no more writable: then it reveals nothing. mnt_already_visible() in fs/namespace.c, mount_namespaces(7)
 */
export function canMountNew({ mounts }: Host, type: 'proc' | 'sysfs', readonly: boolean): boolean {
  return mounts.some((mount) => {
    if (mount.type !== type || mount.root !== '/') return false;
    if (!readonly && mount.options.includes('ro')) return false;
    if (!mount.options.includes('relatime') || mount.options.includes('nodiratime')) return false;
    return mounts.every(
      ({ parent, path }) => parent !== mount.id || MOUNT_POINTS.includes(path.slice(mount.path.length)),
    );
  });
}
