/** The legs of a test run: the same suites, by different users. */

import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

export interface Leg {
  /** Tests find it in `CARREL_TEST_LEG`. */
  readonly name: 'root' | 'user' | 'userns' | 'delegated' | 'session';
  /** Directories of test files, below `test`. */
  readonly suites: readonly string[];
  /** What stands before the command to change the user; nothing for the user who runs the tests. */
  readonly prefix: readonly string[];
  /** Test files at a time; as many as there are CPUs, at most two, unless it says so. */
  readonly concurrency?: number;
}

/** The ordinary user of the legs that root starts: in no database, as any user of a container host may be. */
export const NOBODY = 65532;

/** What stands before a command to run it as that user. */
export const asUser: readonly string[] = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--inh-caps=-all',
];
const pure = ['unit', 'native', 'package'];
const real = ['container', 'failure', 'hardening', 'docs'];

/**
 * Gives a cgroup of version 2 to the user, and joins one below it. cgroups(7), "delegating a hierarchy to a less
 * privileged user"
 */
const DELEGATE = `
  cd /sys/fs/cgroup
  mkdir -p delegated/tests
  chown -R ${NOBODY}:${NOBODY} delegated/tests
  chown ${NOBODY}:${NOBODY} delegated delegated/cgroup.procs delegated/cgroup.threads delegated/cgroup.subtree_control
  echo $$ >delegated/tests/cgroup.procs
  cd "$OLDPWD"
  exec "$@"`;

/** Asks the user's own systemd, which must be running, for a scope whose cgroup is the user's. systemd.scope(5) */
const run = ['systemd-run', '--user', '--scope', '--quiet', '--property=Delegate=yes'];
const asSession = [...asUser, 'env', `XDG_RUNTIME_DIR=/run/user/${NOBODY}`, ...run];

/**
 * The legs that `uid` can run. Of root's, only those that `CARREL_TEST_LEGS` names, where it is set; some run only then
 * (test/vm).
 */
export function legsOf(uid: number): readonly Leg[] {
  if (uid !== 0) return [{ name: 'user', suites: [...pure, ...real], prefix: [] }];
  const legs: readonly Leg[] = [
    { name: 'root', suites: [...pure, ...real], prefix: [] },
    { name: 'user', suites: real, prefix: asUser },
    { name: 'userns', suites: real, prefix: [...asUser, 'unshare', '--user', '--map-root-user'] },
    { name: 'delegated', suites: real, prefix: ['sh', '-ec', DELEGATE, 'sh', ...asUser] },
    {
      name: 'session',
      suites: real,
      prefix: asSession,
      concurrency: 1, // what cannot be told from a stranger in the scope is not moved out of its way
    },
  ];
  const named = process.env.CARREL_TEST_LEGS?.split(',') ?? ['root', 'user', 'userns'];
  return legs.filter(({ name }) => named.includes(name));
}

/**
 * The compiled test files of a leg whose names contain one of `filters`, relative to the checkout. Files whose source
 * is gone are not run.
 */
export function filesOf(leg: Leg, checkout: string, filters: readonly string[]): readonly string[] {
  const sources = readdirSync(join(checkout, 'test'), { recursive: true, encoding: 'utf8' });
  return sources
    .filter((file) => file.endsWith('.test.ts') && leg.suites.includes(file.split('/', 1)[0] ?? ''))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .map((file) => join('build/test', file.replace(/\.ts$/, '.js')))
    .sort();
}

/** Where a leg writes what its tests came to: lines of reporter.ts. */
export function recordsPath(base: string, leg: Leg): string {
  return join(base, leg.name, 'records.jsonl');
}

export interface RunLegOptions {
  readonly checkout: string;
  /** A directory that every user can reach: the leg's home and temporary directory are made in it. */
  readonly base: string;
  /** The `node` to run. */
  readonly node: string;
}

/** Runs test files in a leg. Resolves to whether `node --test` was content. */
export async function runLeg(leg: Leg, files: readonly string[], options: RunLegOptions): Promise<boolean> {
  const { checkout, base, node } = options;
  const directory = join(base, leg.name);
  for (const path of [directory, join(directory, 'home'), join(directory, 'tmp')]) {
    mkdirSync(path, { mode: 0o755 });
    if (leg.prefix.length > 0) chownSync(path, NOBODY, NOBODY);
  }
  const args = [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${leg.concurrency ?? Math.min(2, availableParallelism())}`,
    // Of a whole file, and for one that hangs: emulated machines are ten times slower, and long forms take an hour.
    `--test-timeout=${process.env.CARREL_SOAK === undefined ? 1_200_000 : 14_400_000}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./build/test/support/reporter.js',
    `--test-reporter-destination=${recordsPath(base, leg)}`,
  ];
  const [command = node, ...rest] = [...leg.prefix, node, ...args, ...files];
  const child = spawn(command, rest, {
    cwd: checkout,
    env: environmentOf(leg, { ...options, directory }),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** Another user gets nothing of the caller's home, session or npm. */
function environmentOf(
  leg: Leg,
  { checkout, node, directory }: RunLegOptions & { readonly directory: string },
): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NODE_|SUDO_|XDG_|DBUS_|(USER|LOGNAME|MAIL|PWD|OLDPWD|INIT_CWD)$)/;
  const all = Object.entries(process.env);
  const kept = leg.prefix.length === 0 ? all : all.filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    ...(leg.prefix.length > 0 && { HOME: join(directory, 'home') }),
    // Another build of the addon, in the checkout: it is elsewhere for other users.
    ...(process.env.CARREL_PREBUILD && { CARREL_PREBUILD: join(checkout, process.env.CARREL_PREBUILD) }),
    CARREL_TEST_LEG: leg.name,
    PATH: `${dirname(node)}:${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    TMPDIR: join(directory, 'tmp'),
  };
}
