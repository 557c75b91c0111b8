/** The container's own cgroup, as programs inside see it: Node and Java size themselves by it. */

import type { CgroupHierarchy } from '../cgroup/files.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { Host } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import { isWithin } from '../plan/paths.js';
import type { ContainerStep } from '../plan/steps.js';
import { showsSys } from './proc.js';
import { tmpfsStep } from './tmpfs.js';

const PLACE = '/sys/fs/cgroup';
const from = 'limits()';
const attributes: readonly MountAttribute[] = ['readonly', 'nosuid', 'nodev', 'noexec'];

/**
 * Mounts, at the usual places, of what is made for the container. They come after its cgroup namespace, whose root is
 * that cgroup: none above it is there. No process inside may change them: they are read-only, and hold no
 * `release_agent`, which only the root of a hierarchy has. cgroup_namespaces(7), CVE-2022-0492
 *
 * @param locked Whether mounts are locked by then, and no other one can be made.
 */
export function ownCgroup(
  definition: ContainerDefinition,
  host: Host,
  made: readonly CgroupHierarchy[],
  locked: boolean,
): readonly ContainerStep[] {
  const { namespaces } = definition;
  if (made.length === 0 || !namespaces.includes('mount') || !showsSys(definition, host) || isCovered(definition))
    return [];
  const omit = (reason: string): readonly ContainerStep[] => [
    { op: 'omit', what: `the own cgroup at ${PLACE}`, reason, from },
  ];
  if (!namespaces.includes('cgroup')) return omit('without a cgroup namespace of its own it would show the host’s');
  if (locked) return omit('the mounts are locked before the cgroup is entered');
  const [only] = made;
  if (made.length === 1 && only?.version === 2) return [mountOf(only, PLACE)];
  return [
    tmpfsStep(PLACE, ['mode=755', 'size=64k'], { attributes: ['nosuid', 'nodev', 'noexec'], nofollow: true, from }),
    ...made.flatMap(hierarchySteps),
    { op: 'mountSetattr', target: PLACE, attributes: ['readonly'], from },
  ];
}

/** As systemd names them: by the controllers, each of which is a link where there are several. */
function hierarchySteps(hierarchy: CgroupHierarchy): readonly ContainerStep[] {
  const { version, controllers } = hierarchy;
  const name = version === 2 ? 'unified' : controllers.join(',');
  const links = version === 1 && controllers.length > 1 ? controllers : [];
  return [
    { op: 'directory', target: `${PLACE}/${name}`, mode: 0o755, from },
    mountOf(hierarchy, `${PLACE}/${name}`),
    ...links.map((link): ContainerStep => ({ op: 'symlink', target: `${PLACE}/${link}`, text: name, from })),
  ];
}

/** A hierarchy of version 1 is named by all of its controllers, whichever carrel knows. */
function mountOf({ version, controllers, options }: CgroupHierarchy, target: string): ContainerStep {
  const type = version === 2 ? 'cgroup2' : 'cgroup';
  const named = version === 2 ? [] : (options ?? controllers);
  return { op: 'mount', type, target, options: named, attributes, nofollow: true, own: false, from };
}

/** A mask of the caller's hides it. No mount of the caller's can be there. */
function isCovered({ mask }: ContainerDefinition): boolean {
  return mask.some((target) => isWithin(PLACE, target) || isWithin(target, PLACE));
}
