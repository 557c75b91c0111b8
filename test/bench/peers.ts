/**
 * What else starts containers, as the commands that Node starts: each tried once, and left out with its reason where it
 * does not work.
 */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../support/remove-tree.js';

export interface Peer {
  readonly file: string;
  readonly args: readonly string[];
  /** What one start took at the trial. */
  readonly trialMs: number;
}

/** What a peer needs to know: the root file system, and a directory of its own. */
interface Room {
  readonly rootfs: string;
  readonly directory: string;
  /** One with a short path, for podman, which wants sockets in it. unix(7) */
  readonly short: string;
}

/** Each makes, as far as it can, what carrel's default container is, and runs its `true`. */
const PEERS = {
  bubblewrap: ({ rootfs }) => ['bwrap', ...bubblewrapArgs(rootfs)],
  unshare: ({ rootfs }) => [
    ...['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--net', '--ipc', '--uts', '--cgroup'],
    ...[`--root=${rootfs}`, '--mount-proc', '/bin/true'],
  ],
  crun: (room) => [
    'crun',
    '--root',
    join(room.directory, 'state'),
    'run',
    '--bundle',
    bundle(room),
    'carrel-bench-crun',
  ],
  runc: (room) => [
    'runc',
    '--root',
    join(room.directory, 'state'),
    'run',
    '--bundle',
    bundle(room),
    'carrel-bench-runc',
  ],
  firejail: ({ rootfs }) => ['firejail', '--quiet', '--noprofile', '--private', '--net=none', join(rootfs, 'bin/true')],
  'systemd-nspawn': ({ rootfs }) => [
    ...['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--private-network'],
    ...['--directory', rootfs, '/bin/true'],
  ],
  podman: ({ rootfs, short }) => [
    ...['podman', '--root', join(short, 'storage'), '--runroot', join(short, 'run')],
    ...['--cgroup-manager=cgroupfs', '--events-backend=none', '--runtime', 'crun', 'run', '--rm', '--network=none'],
    ...[
      '--cgroups=disabled',
      '--ulimit',
      'nofile=1024:1024',
      '--ulimit',
      'nproc=1024:1024',
      '--rootfs',
      rootfs,
      '/bin/true',
    ],
  ],
} as const satisfies Record<string, (room: Room) => readonly string[]>;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const HANGS_MS = 30_000;

/** Those of these peers that work for this user; of all, where none are named. */
export function findPeers(
  rootfs: string,
  directory: string,
  skipped: string[],
  names: readonly string[] = Object.keys(PEERS),
): Readonly<Record<string, Peer>> {
  const found: Record<string, Peer> = {};
  const short = mkdtempSync('/tmp/cb-');
  process.on('exit', () => {
    // podman leaves a mount behind in a user namespace; this mount namespace is the bench's own.
    spawnSync('umount', [join(short, 'storage/overlay')], { stdio: 'ignore' });
    removeTree(short);
  });
  for (const [name, commandOf] of Object.entries(PEERS)) {
    if (!names.includes(name)) continue;
    const room = { rootfs, directory: join(directory, name), short };
    mkdirSync(room.directory);
    const [file = '', ...args] = commandOf(room);
    // The first start may have to make what later ones find.
    const began = [start(file, args), performance.now()] as const;
    const { error, status, stderr } = start(file, args);
    if (status === 0) found[name] = { file, args, trialMs: performance.now() - began[1] };
    else skipped.push(`${name}: ${error === undefined ? reasonOf(stderr, status) : reasonOfError(error)}`);
  }
  return found;
}

function start(file: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: HANGS_MS });
}

function reasonOf(stderr: string, status: number | null): string {
  return stderr.trim().split('\n').at(-1) || `exit code ${status}`;
}

function reasonOfError(error: Error): string {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not installed' : error.message;
}

/**
 * What carrel's default container is, in bubblewrap's words; it has no masked paths, no init of carrel's kind and no
 * ranges of ids.
 */
function bubblewrapArgs(rootfs: string): readonly string[] {
  return [
    '--unshare-all',
    ...['--uid', '0', '--gid', '0', '--hostname', 'carrel', '--new-session', '--die-with-parent', '--cap-drop', 'ALL'],
    ...['--clearenv', '--setenv', 'PATH', PATH, '--setenv', 'HOME', '/root', '--chdir', '/'],
    ...['--bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev', '--mqueue', '/dev/mqueue', '--tmpfs', '/tmp'],
    'true',
  ];
}

/** An OCI bundle of the same; a user namespace would want the root file system to be another's. */
function bundle({ rootfs, directory }: Room): string {
  const mount = (destination: string, type: string, ...options: readonly string[]): object => ({
    destination,
    type,
    source: type,
    options,
  });
  const config = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['true'], env: [`PATH=${PATH}`], cwd: '/', noNewPrivileges: true },
    root: { path: rootfs },
    hostname: 'carrel',
    mounts: [
      mount('/proc', 'proc'),
      mount('/dev', 'tmpfs', 'nosuid', 'mode=755', 'size=64k'),
      mount('/dev/pts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
      mount('/dev/shm', 'tmpfs', 'nosuid', 'nodev', 'noexec', 'mode=1777'),
      mount('/dev/mqueue', 'mqueue', 'nosuid', 'nodev', 'noexec'),
      mount('/tmp', 'tmpfs', 'nosuid', 'nodev', 'mode=1777'),
    ],
    linux: {
      cgroupsPath: `/carrel-bench-${process.pid}`,
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/interrupts'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys'],
    },
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  return directory;
}
