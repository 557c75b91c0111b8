/**
 * One level of carrel in carrel: tries what it may do, starts the next level in a container, and prints a line for
 * each.
 *
 * `level.js`, with its {@link Orders} as JSON in `LEVELS`. It is all that is needed of the checkout,
 * beside the package: it runs where only these are bound.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { bind, Container, type DefinitionInput, type RunResult } from 'carrel';

/** Where the package is, at every level. */
export const PACKAGE = '/carrel';
const PROGRAM = `${PACKAGE}/build/test/support/level.js`;

/** What a level has told. */
export interface Level {
  /** What became of each trial, in words: the rows of the table in docs/tooling.md. */
  readonly trials: Readonly<Record<string, string>>;
  /** How many filters of system calls are around it. proc_pid_status(5), Linux 5.9 */
  readonly filters: number;
  /** Why the container below did not start. */
  readonly refused?: { readonly code?: string; readonly syscall?: string; readonly hint?: string };
}

/** What a level is asked to do. */
export interface Orders {
  /** The containers below it, the next first. */
  readonly below: readonly DefinitionInput[];
  /** Whether each level makes its trials. */
  readonly tries: boolean;
}

/** What the program has told in `first`, and in each container below it, the outermost first. */
export async function levelsIn(first: Container, orders: Orders): Promise<readonly Level[]> {
  const variables = { LEVELS: JSON.stringify(orders) };
  const { stdout }: RunResult = await first
    .env(variables)
    .run(process.execPath, [PROGRAM], { check: true, timeout: 120_000 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Level);
}

const NAMESPACES = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'];
/** A command with a namespace of each type that it takes, as unshare(1) makes them. */
const MOUNTING = ['--mount', '--propagation', 'private', 'sh', '-ec'];
const OVERLAY =
  'mount -t tmpfs none /tmp; cd /tmp; mkdir l u w; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none l';
const WITHOUT_PID = ['user', 'mount', 'network', 'ipc', 'uts', 'cgroup'] as const;
const BANNED = 'test "$(cat /proc/sys/user/max_user_namespaces)" = 0';
/** From group 0 on. By default the kernel allows it to no group, "1 0". icmp(7) */
const PING = 'grep -q ^0 /proc/sys/net/ipv4/ping_group_range';
const ALL_FILES = { read: ['/'], write: ['/dev'], execute: ['/'] };

const CONTAINERS = {
  'a container with the defaults': (box: Container) => output(box),
  'the same without `pid`': (box: Container) => output(box.namespaces(WITHOUT_PID)),
  'the ban on user namespaces in it': (box: Container) => says(box, BANNED),
  'ping for all users in it': (box: Container) => says(box, PING),
  "`proc('new')`": (box: Container) => output(box.proc('new')),
  'a bare command, `namespaces([])`': (box: Container) => output(box.namespaces([])),
  '`landlock()`': (box: Container) => output(box.landlock(ALL_FILES)),
  "`seccomp('default', { report: true })`": (box: Container) => output(box.seccomp('default', { report: true })),
  '`terminal: true`': async (box: Container) => {
    const child = box.spawn('sh', ['-c', 'test -t 0'], { terminal: true });
    child.stdout?.resume();
    const { exitCode } = await child.result;
    return exitCode === 0 ? 'yes' : `exit ${exitCode}`;
  },
  '`limits()`': (box: Container) => output(box.limits({ memory: '64m' })),
} as const satisfies Readonly<Record<string, (box: Container) => Promise<string>>>;

if (process.argv[1] === PROGRAM) {
  const { below: containers, tries } = JSON.parse(process.env.LEVELS ?? '') as Orders;
  const [next, ...rest] = containers;
  const filters = Number(/^Seccomp_filters:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const own = { trials: tries ? await trials() : {}, filters };
  try {
    const below =
      next === undefined
        ? []
        : await levelsIn(new Container(next).mount(bind(PACKAGE, PACKAGE, { readonly: true })), { below: rest, tries });
    for (const level of [own, ...below]) console.log(JSON.stringify(level));
  } catch (error) {
    const { code, syscall, hint } = error as NonNullable<Level['refused']>;
    if (code === undefined) throw error;
    console.log(JSON.stringify({ ...own, refused: { code, syscall, hint } }));
  }
}

/** What becomes of containers of this process. */
export async function containerTrials(): Promise<Readonly<Record<string, string>>> {
  const told: Record<string, string> = {};
  for (const [name, start] of Object.entries(CONTAINERS)) told[name] = await start(new Container()).catch(refusalOf);
  return told;
}

async function trials(): Promise<Readonly<Record<string, string>>> {
  const made = NAMESPACES.filter((name) => unshares(`--${name}`, 'true'));
  return {
    'namespaces by unshare(2)': made.length === NAMESPACES.length ? 'all' : made.join(', ') || 'none',
    'mounting a tmpfs': yesOrNo(unshares(...MOUNTING, 'mount -t tmpfs none /tmp')),
    'mounting an overlay': yesOrNo(unshares(...MOUNTING, OVERLAY)),
    'mounting a new /proc': yesOrNo(unshares('--pid', '--fork', ...MOUNTING, 'mount -t proc none /proc')),
    ...(await containerTrials()),
  };
}

function unshares(...args: readonly string[]): boolean {
  return spawnSync('unshare', args, { stdio: 'ignore' }).status === 0;
}

function yesOrNo(works: boolean): string {
  return works ? 'yes' : 'no';
}

/** Whether a command ran, and said what it was to say. */
async function output(box: Container): Promise<string> {
  const { stdout } = await box.run('echo', ['inside'], { check: true });
  return stdout === 'inside\n' ? 'yes' : `said ${stdout}`;
}

/** What a test inside comes to. */
async function says(box: Container, script: string): Promise<string> {
  const { exitCode } = await box.run('sh', ['-c', script]);
  return yesOrNo(exitCode === 0);
}

function refusalOf({ code, syscall, message }: { code?: string; syscall?: string; message?: string }): string {
  if (code === undefined) throw new Error(message);
  return syscall === undefined ? `\`${code}\`` : `\`${code}\`, ${syscall}`;
}
