/** Several directories laid over each other, by overlayfs: in a user namespace since Linux 5.11. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Overlay } from '../definition/overlay.js';
import { contradiction } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import type { MountAttribute } from '../plan/constants.js';
import { isWithin } from '../plan/paths.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { inUserNamespace } from './ids.js';
import type { CapturedPlaces } from './places.js';
import { tmpfsStep } from './tmpfs.js';
import type { Trees } from './trees.js';

/**
 * Names of one character for the lower directories: 120 of them and the colons between fit into 255 bytes, the most
 * that an option of a mount may have. Digits and letters come first, then what else is neither a separator nor an
 * escape. Only those beyond the 89th are control characters.
 */
const LOWER_NAMES: string = [
  ...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ...'!"#$%&\'()*+-;<=>?@[]^_`{|}~',
  ...Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)),
].join('');

/**
 * An attribute of the kind by which overlayfs notes what was removed, and hides. Memory without it would take the
 * mount, and refuse `rm -r` of what lies below with EIO. tmpfs has it since Linux 6.6, with CONFIG_TMPFS_XATTR.
 */
const TRIED = { name: 'user.overlay.carrel', value: '1' } as const;

/** The file of a snapshot's directory on which all who use it have a lock. */
export const SNAPSHOT_LOCK = 'lock';

/** Where an overlay goes, and what may be done there. */
export interface OverlayPlace {
  readonly target: string;
  readonly attributes: readonly MountAttribute[];
  /** The builder call. */
  readonly from: string;
  readonly places: CapturedPlaces;
}

/**
 * Attaches the layers at names of one character in a tmpfs on the target. The overlay then covers that; from `/`,
 * `pivotRoot` throws it away. Until Linux 6.8 overlayfs takes paths only, of its own mount namespace only, and all
 * lower ones in one option of 255 bytes. fsconfig(2)
 */
export function overlaySteps(
  definition: ContainerDefinition,
  overlay: Overlay,
  { target, attributes, from, places }: OverlayPlace,
  host: Host,
  trees: Trees,
): readonly ContainerStep[] {
  checkLayers(overlay, host);
  const { lower, upper, work, size, snapshots = [] } = overlay;
  const at = (name: string): string => `${target === '/' ? '' : target}/${name}`;
  const byUser = inUserNamespace(definition, host);
  const names = [...LOWER_NAMES].slice(0, lower.length);
  const options = [`lowerdir=${names.join(':')}`, 'upperdir=upper', 'workdir=work'];
  return [
    tmpfsStep(target, ['mode=700', ...(size === undefined ? [] : [`size=${size}`])], { from }),
    ...lower.map((source, index): ContainerStep => {
      const tree = trees.open(source, false, true, from);
      const safe = ['readonly', 'nosuid', 'nodev'] as const;
      return {
        op: 'bind',
        ...tree,
        target: at(names[index] ?? ''),
        attributes: safe,
        recursive: false,
        create: true,
        from,
      };
    }),
    ...snapshots.flatMap((directory, index) => held(directory, at(`lock${index}`), trees, from)),
    ...upperLayer(upper, work, trees, at, from),
    ...(snapshots.length === 0
      ? []
      : [{ op: 'copyPermissions', model: at(names[0] ?? ''), target: at('upper'), from } as const]),
    ...(upper === undefined || trees.bySupervisor
      ? places.capture(at('upper'), target)
      : places.captureSource(upper, target)),
    ...(upper === undefined && byUser ? [{ op: 'setXattr', target: at('upper'), ...TRIED, from } as const] : []),
    {
      op: 'mount',
      type: 'overlay',
      target,
      // Extended attributes that need no right over the host. Linux 5.11
      options: byUser ? [...options, 'userxattr'] : options,
      attributes,
      nofollow: false,
      // What is written without an upper directory is in memory; an upper one is the caller's.
      own: upper === undefined,
      ...(upper === undefined ? {} : workLeft(trees, from)),
      from,
    },
  ];
}

/** Who removes the snapshot waits for all who have this lock. */
function held(snapshot: string, target: string, trees: Trees, from: string): readonly ContainerStep[] {
  const source = `${snapshot}/${SNAPSHOT_LOCK}`;
  const tree = trees.open(source, false, true, from);
  return [
    { op: 'bind', ...tree, target, attributes: ['readonly'], recursive: false, create: true, from },
    { op: 'lockFile', slot: trees.hold(source), target, from },
  ];
}

/** Where writes go, and the directory that overlayfs prepares them in: both on one mount. */
function upperLayer(
  upper: string | undefined,
  work: string | undefined,
  trees: Trees,
  at: (name: string) => string,
  from: string,
): readonly ContainerStep[] {
  if (upper === undefined || work === undefined) {
    return ['upper', 'work'].map((name): ContainerStep => ({ op: 'directory', target: at(name), mode: 0o755, from }));
  }
  const link = (name: string, text: string): ContainerStep => ({ op: 'symlink', target: at(name), text, from });
  // The child finds them on the host by itself.
  if (!trees.bySupervisor) return [link('upper', upper), link('work', work)];
  const above = commonDirectory(upper, work);
  const below = (path: string): string => `disk/${path.slice(above === '/' ? 1 : above.length + 1)}`;
  const tree = trees.open(above, false, true, from);
  return [
    { op: 'bind', ...tree, target: at('disk'), attributes: [], recursive: false, create: true, from },
    link('upper', below(upper)),
    link('work', below(work)),
  ];
}

/** overlayfs leaves an empty directory without any permission in its work directory: the supervisor removes it. */
function workLeft(trees: Trees, from: string): Pick<StepOf<'mount'>, 'made' | 'slot'> {
  const slot = trees.hold('what overlayfs makes');
  trees.after.push({ op: 'rmdir', slot, name: 'work', from });
  return { made: 'work/work', slot };
}

/** Says at once what the kernel would refuse with EINVAL, or would silently leave out or take. */
function checkLayers({ lower, upper, work }: Overlay, host: Host): void {
  const real = (path: string): string => host.found.find((entry) => entry.path === path)?.real ?? path;
  for (const directory of lower.map(real)) {
    const below = host.mounts.find(({ path }) => path !== directory && isWithin(path, directory));
    if (below === undefined) continue;
    throw contradiction(
      `overlay(): something is mounted on ${below.path}, below the lower directory ${directory}: ` +
        'overlayfs would not show it',
    );
  }
  if (upper === undefined || work === undefined) return;
  const layers = [...lower.map((path) => ['lower', path] as const), ['upper', upper] as const, ['work', work] as const];
  for (const [name, path] of layers.slice(-2)) {
    const other = layers.find(([kind, at]) => kind !== name && isWithin(real(path), real(at)));
    if (other !== undefined) throw contradiction(`overlay(): ${name} ${path} is in ${other[0]} ${other[1]}`);
  }
  const [upperMount, workMount] = [upper, work].map((path) => mountOf(real(path), host));
  if (upperMount !== undefined && workMount !== undefined && upperMount.id !== workMount.id) {
    throw contradiction(
      `overlay(): work must be on the same mount as upper: ${upper} is on ${upperMount.path}, ` +
        `${work} on ${workMount.path}`,
    );
  }
  if (upperMount?.type === 'overlay') {
    throw contradiction(
      `overlay(): upper ${upper} is itself on overlayfs, which cannot be an upper directory; ` +
        'overlay({ lower }) alone keeps writes in memory',
    );
  }
}

/** The mount that a path is on: the last one of those whose path is the longest. */
function mountOf(path: string, { mounts }: Host): Host['mounts'][number] | undefined {
  const around = mounts.filter((mount) => isWithin(path, mount.path));
  const longest = Math.max(...around.map((mount) => mount.path.length));
  return around.filter((mount) => mount.path.length === longest).at(-1);
}

function commonDirectory(a: string, b: string): string {
  const parts = a.split('/');
  const other = b.split('/');
  const length = parts.findIndex((part, index) => part !== other[index]);
  return parts.slice(0, length < 0 ? parts.length : length).join('/') || '/';
}
