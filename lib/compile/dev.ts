/** A /dev of the container's own. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { User } from '../definition/user.js';
import type { MountAttribute } from '../plan/constants.js';
import { freezeDeep } from '../plan/plan.js';
import type { ContainerStep } from '../plan/steps.js';
import { hasGroup, type IdPlan } from './ids.js';
import { tmpfsStep } from './tmpfs.js';
import { TTY_GID } from './users.js';

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
export function dev(definition: ContainerDefinition, ids: IdPlan, user: User): readonly ContainerStep[] {
  const quiet: readonly MountAttribute[] = ['nosuid', 'nodev', 'noexec'];
  // An ordinary user has one group only; which ones a joined namespace has is unknown.
  const tty = hasGroup(ids, TTY_GID) ? [`gid=${TTY_GID}`] : [];
  const owner = user.uid === 0 ? [] : [`uid=${user.uid}`];
  const steps: ContainerStep[] = [
    // Devices are mounts of their own with attributes of their own, so nodev here keeps out all others.
    tmpfsStep('/dev', ['mode=755', 'size=64k'], { attributes: quiet, nofollow: true }),
    ...DEVICES,
    { op: 'directory', target: '/dev/pts', mode: 0o755 },
    {
      op: 'mount',
      type: 'devpts',
      target: '/dev/pts',
      // All instances together have kernel.pty.max, 4096 by default: one container takes a sixteenth.
      options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'max=256', ...tty, ...owner],
      // devpts is all devices: nodev would forbid every terminal.
      attributes: ['nosuid', 'noexec'],
      nofollow: true,
      own: true,
    },
    ...DEVICE_LINKS,
    { op: 'directory', target: '/dev/shm', mode: 0o1777 },
    tmpfsStep('/dev/shm', ['mode=1777', 'size=64m'], { attributes: quiet, nofollow: true }),
  ];
  if (definition.namespaces.includes('ipc')) {
    steps.push(
      { op: 'directory', target: '/dev/mqueue', mode: 0o1777 },
      { op: 'mount', type: 'mqueue', target: '/dev/mqueue', options: [], attributes: quiet, nofollow: true, own: true },
    );
  }
  return steps;
}
