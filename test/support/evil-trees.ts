/** Root filesystems as an attacker would make them, with something else where the set-up expects a directory. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Plan } from 'carrel';
import { STEPS } from '#lib/plan/steps.js';
import { findBusybox } from './busybox.js';

/** What the tree has around a place. */
interface Around {
  /** The tree's root. */
  readonly root: string;
  /** A directory of the host, outside of it, that everyone can write to. */
  readonly victim: string;
  /** A directory of very many entries, made once. */
  readonly huge: string;
}

/** Puts something at a path where nothing is. */
type Make = (path: string, around: Around) => void | Promise<void>;

/** Of an entry count: more than a layer shows, so that what is to be made in there is refused. */
const HUGE = 5000;
const link =
  (text: (path: string, around: Around) => string | Buffer): Make =>
  (path, around) =>
    symlinkSync(text(path, around), path);
const bytes = (path: string, name: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name)]);

/** What may stand where a directory or a file should. */
export const SHAPES: Readonly<Record<string, Make>> = {
  nothing: () => {},
  'an absolute link out': link((_, { victim }) => victim),
  'a relative link out': link((_, { victim }) => `${'../'.repeat(20)}${victim.slice(1)}`),
  'a link out, relative on disk': link((path, { victim }) => relative(dirname(path), victim)),
  'a link to a file outside': link((_, { victim }) => join(victim, 'file')),
  'a dangling link': link((_, { victim }) => join(victim, 'none')),
  'a link to itself': link((path) => path.slice(path.lastIndexOf('/') + 1)),
  'two links to each other': (path) => {
    symlinkSync(`${path.slice(path.lastIndexOf('/') + 1)}-other`, path);
    symlinkSync(path.slice(path.lastIndexOf('/') + 1), `${path}-other`);
  },
  'a chain of links': (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (let at = 0; at < 50; at += 1) symlinkSync(`${name}-${at + 1}`, at === 0 ? path : `${path}-${at}`);
    mkdirSync(`${path}-50`);
  },
  'a link to the longest path': link(() => `${'./'.repeat(2047)}`),
  'a link to /': link(() => '/'),
  'a link to /proc/self/root': link((_, { victim }) => `/proc/self/root${victim}`),
  'a link to /proc/1/root': link((_, { victim }) => `/proc/1/root${victim}`),
  'a link to a descriptor': link(() => '/proc/self/fd/3'),
  'a link to a directory inside': (path, { root }) => {
    if (!existsSync(join(root, 'inside'))) mkdirSync(join(root, 'inside'));
    symlinkSync('/inside', path);
  },
  'a file': (path) => writeFileSync(path, 'of the image\n'),
  'a file of a terabyte': (path) => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
  },
  'a file of mode 000': (path) => writeFileSync(path, 'of the image\n', { mode: 0 }),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a socket': async (path) => {
    // The path of a socket is short, and it is removed where it was made.
    const short = join(tmpdir(), 's');
    const server = createServer().listen(short);
    await once(server, 'listening');
    renameSync(short, path);
    server.close();
    await once(server, 'close');
  },
  ...(process.env.CARREL_TEST_LEG === 'root'
    ? { 'a device': (path: string): void => void execFileSync('mknod', ['-m', '666', path, 'c', '1', '5']) }
    : {}),
  'a directory': (path) => void mkdirSync(path),
  'a directory of mode 000': (path) => {
    mkdirSync(path);
    chmodSync(path, 0);
  },
  'a directory of everyone, with set-group-id': (path) => {
    mkdirSync(path);
    chmodSync(path, 0o7777);
  },
  'a huge directory': (path, { huge }) => renameSync(huge, path),
  'a directory of strange names': (path) => {
    mkdirSync(path);
    const names = [[0xff, 0xfe, 0x80], [0xc3], [0x0a], [0x1b, 0x5b, 0x32, 0x4a], [0x20], [0x2d, 0x2d], [0x5c, 0x30]];
    for (const name of [...names, Array(255).fill(0x78) as number[]]) writeFileSync(bytes(path, name), '');
    symlinkSync(Buffer.from([0xff, 0x2f, 0xfe]), bytes(path, [0xfd]));
    mkdirSync(bytes(path, [0xfc, 0x0a]));
  },
};

/** A tree in which something evil takes the place of one entry, again and again. */
export class EvilTree {
  readonly root: string;
  readonly #around: Around;
  readonly #good: string;
  readonly #busybox: string;
  #bad: string;

  /** @param directory An empty one, which the caller removes after {@link clear}. */
  constructor(directory: string, victim: string) {
    this.root = join(directory, 'root');
    this.#good = join(directory, 'good');
    this.#around = { root: this.root, victim, huge: join(directory, 'huge') };
    this.#bad = this.root;
    for (const name of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var/lib', 'home/user', 'data/in'])
      mkdirSync(join(this.#good, name), { recursive: true });
    for (const name of ['.', 'bin', 'etc', 'home', 'home/user', 'data', 'data/in', 'var'])
      chmodSync(join(this.#good, name), 0o755);
    mkdirSync(this.#around.huge);
    for (let at = 0; at < HUGE; at += 1) writeFileSync(join(this.#around.huge, `entry-${at}`), '');
    this.#busybox = join(directory, 'busybox');
    copyFileSync(findBusybox() ?? '', this.#busybox);
    chmodSync(this.#busybox, 0o755);
    for (const [name, text] of [
      ['passwd', 'root:x:0:0:root:/root:/bin/sh\n'],
      ['group', 'root:x:0:\n'],
      ['hosts', '127.0.0.1 localhost\n'],
      ['secret', 'secret\n'],
    ] as const)
      writeFileSync(join(this.#good, 'etc', name), text);
    symlinkSync('/run', join(this.#good, 'var/run'));
  }

  /** Makes it anew, with something else at `place`, which is not its root. */
  async become(place: string, make: Make): Promise<void> {
    this.clear();
    cpSync(this.#good, this.root, { recursive: true, verbatimSymlinks: true });
    linkSync(this.#busybox, join(this.root, 'bin/busybox'));
    const path = join(this.root, place);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    await make(path, this.#around);
    this.#bad = path;
  }

  /** Removes it. */
  clear(): void {
    if (!existsSync(this.#around.huge)) renameSync(this.#bad, this.#around.huge);
    if (lstatSync(this.#bad, { throwIfNoEntry: false })?.isDirectory() === true) chmodSync(this.#bad, 0o755);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Each path of the root filesystem that a plan names, and those above it, but not what is in /proc, /dev and /sys. */
export function placesOf({ steps }: Plan): readonly string[] {
  const named = steps.flatMap((step) => {
    const fields = Object.entries(STEPS[step.op].fields) as readonly [string, { readonly path?: string }][];
    const paths = fields.filter(([, { path }]) => path === 'container').map(([name]) => Reflect.get(step, name));
    return paths.filter((path): path is string => typeof path === 'string');
  });
  const all = named.flatMap((path) => {
    const names = path.split('/').filter(Boolean);
    return names.map((_, at) => `/${names.slice(0, at + 1).join('/')}`);
  });
  return [...new Set(all)].filter((path) => !/^\/(proc|dev|sys)\/./.test(path)).sort();
}
