/** The caller's own mounts, in the caller's order: the last one on a place wins. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { BindMount, Mount, TmpfsMount } from '../definition/mounts.js';
import type { OverlayMount } from '../definition/overlay.js';
import type { Host } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import { overlaySteps } from './overlay.js';
import type { CapturedPlaces } from './places.js';
import { HostTargets } from './targets.js';
import { tmpfsStep } from './tmpfs.js';
import type { Trees } from './trees.js';

/** Without the one on `/`, which the root begins with. */
export function userMounts(
  definition: ContainerDefinition,
  host: Host,
  trees: Trees,
  places: CapturedPlaces,
): readonly ContainerStep[] {
  const mounts = definition.mounts.filter(({ target }) => target !== '/');
  const targets = new HostTargets(host, trees);
  return mounts.flatMap((mount, index) => {
    const omitted = mount.type === 'bind' && isMissing(mount, host);
    const from = `mount(${mount.type}())`;
    const made = omitted ? [] : targets.make(mount, mounts.slice(0, index), from);
    return [...made, ...userMount(definition, mount, host, trees, places)];
  });
}

function userMount(
  definition: ContainerDefinition,
  mount: Mount,
  host: Host,
  trees: Trees,
  places: CapturedPlaces,
): readonly ContainerStep[] {
  const from = `mount(${mount.type}())`;
  const { target } = mount;
  switch (mount.type) {
    case 'bind':
      return bindSteps(mount, host, trees, from);
    case 'tmpfs':
      return [
        { op: 'directory', target, mode: 0o755, from },
        tmpfsStep(target, tmpfsOptions(mount), { attributes: attributesOf(mount), from }),
        ...places.capture(target, target),
      ];
    case 'overlay':
      return [
        { op: 'directory', target, mode: 0o755, from },
        ...overlaySteps(definition, mount, { target, attributes: attributesOf(mount), from, places }, host, trees),
      ];
    case 'file':
      return [{ op: 'file', target, mode: mount.mode, content: bytesOf(mount.content), from }];
    case 'symlink':
      return [{ op: 'symlink', target, text: mount.text, from }];
    case 'directory':
      return [{ op: 'directory', target, mode: mount.mode, from }];
  }
}

function bindSteps(mount: BindMount, host: Host, trees: Trees, from: string): readonly ContainerStep[] {
  const { source, target, recursive } = mount;
  if (isMissing(mount, host)) {
    return [{ op: 'omit', what: `the bind on ${target}`, reason: `${source} does not exist on the host`, from }];
  }
  const { steps, tree } = trees.openWithCare(mount, recursive, mount.idmapped, from);
  return [...steps, { op: 'bind', ...tree, target, attributes: attributesOf(mount), recursive, create: true, from }];
}

/** Whether a bind is left out, because it is optional and its source is not there. */
function isMissing({ optional, source }: BindMount, { found }: Host): boolean {
  return optional && found.every(({ path }) => path !== source);
}

function tmpfsOptions({ size, mode }: TmpfsMount): readonly string[] {
  return [`mode=${mode.toString(8)}`, ...(size === undefined ? [] : [`size=${size}`])];
}

function attributesOf(mount: BindMount | TmpfsMount | OverlayMount): readonly MountAttribute[] {
  const attributes = (['nosuid', 'nodev', 'noexec'] as const).filter((name) => mount[name]);
  return mount.type === 'bind' && mount.readonly ? [...attributes, 'readonly'] : attributes;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}
