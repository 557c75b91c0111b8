/** Where cgroups are on this machine, and where in them this process is. */

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A mounted tree of cgroups. */
export interface CgroupMount {
  readonly version: 1 | 2;
  readonly path: string;
  /** The cgroup that is seen at `path`, as this process numbers them. */
  readonly root: string;
  /** Of version 1: the tree's controllers. */
  readonly controllers: readonly string[];
  /** Of version 1: what a mount of the tree is named by. */
  readonly options: readonly string[];
}

const V1 = ['memory', 'pids', 'cpu', 'cpuacct', 'cpuset', 'freezer', 'blkio'];

/** All that the kernel has; a tree may also have a name. cgroups(7) */
const KERNELS = [...V1, 'devices', 'hugetlb', 'misc', 'net_cls', 'net_prio', 'perf_event', 'rdma'];

function namesIn(options: string): readonly string[] {
  return options.split(',').filter((option) => KERNELS.includes(option) || option.startsWith('name='));
}

/** proc_pid_mountinfo(5); the last mount on a place is the one that is seen. */
export function cgroupMounts(mountinfo: string = readFileSync('/proc/self/mountinfo', 'utf8')): readonly CgroupMount[] {
  const mounts = new Map<string, CgroupMount>();
  for (const line of mountinfo.split('\n')) {
    const [head = '', tail = ''] = line.split(' - ', 2);
    const [, , , root = '', place = ''] = head.split(' ');
    const [type, , options = ''] = tail.split(' ');
    if (place === '') continue;
    const path = plainPath(place);
    // Whatever is mounted on it hides it.
    for (const other of mounts.keys()) if (`${other}/`.startsWith(`${path}/`)) mounts.delete(other);
    if (type === 'cgroup2') mounts.set(path, { version: 2, path, root: plainPath(root), controllers: [], options: [] });
    const controllers = options.split(',').filter((option) => V1.includes(option));
    if (type === 'cgroup' && controllers.length > 0)
      mounts.set(path, { version: 1, path, root: plainPath(root), controllers, options: namesIn(options) });
  }
  return [...mounts.values()];
}

/** The directory of this process's own cgroup of version 2; `undefined` where it is not below the mount. */
export function ownCgroup(
  { path, root }: CgroupMount,
  text: string = readFileSync('/proc/self/cgroup', 'utf8'),
): string | undefined {
  const own = /^0::(.*)$/m.exec(text)?.[1];
  if (own === undefined) return undefined;
  const below = relative(root, own);
  return below.startsWith('..') ? undefined : join(path, below);
}

/** Octal escapes, as proc(5) has them in paths. */
function plainPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
