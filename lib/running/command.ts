/** A command as a caller asks for it: its options, and their checks. */

import type { Command, FramedCommand, Invocation } from '../compile/command.js';
import {
  boolean,
  checkTerminalSize,
  containerPath,
  environment,
  knownOptions,
  milliseconds,
  object,
  oneOf,
  signalNumber,
  text,
} from '../definition/checks.js';
import { checkFiles, type FileEntry } from '../definition/entries.js';
import { checkCommandLimits, type LimitsInput } from '../definition/limits.js';
import { checkRlimits, type ResourceLimitsInput } from '../definition/rlimits.js';
import { checkSession, type Session } from '../definition/session.js';
import { checkUser, type UserInput } from '../definition/user.js';
import { contradiction, invalidType } from '../errors/errors.js';
import { checkStdio, type StdioChoice, type StdioOption } from '../launch/stdio.js';

/** Options of {@link Container.spawn}. Names and meaning are `child_process`'s, where it has them. */
export interface SpawnOptions {
  /**
   * The command's descriptors from 0 on. Each is `'pipe'`, `'ignore'` (/dev/null), `'inherit'` (the caller's own), a
   * descriptor, or a stream that has one. Pipes belong to the command's user, so that it can open /dev/stdout again.
   * From the fourth on, `'pipe'` is a socket, a stream both ways, in `stdio` of the process. Up to 240 descriptors.
   * Default: `'pipe'` for the first three, or the `terminal`, and no others.
   */
  readonly stdio?: StdioOption | undefined;
  /** Variables, added to the container's. carrel passes nothing of the caller's environment on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The working directory in the container, absolute. Default: the container's `cwd`, or `/`. */
  readonly cwd?: string | undefined;
  /**
   * The user in the container, by numbers or names, as `Container.user` takes it. In a {@link RunningContainer} too,
   * names are those of the directories that its root file system is made of. What is written to memory, or to a mount,
   * is not looked at: whom `useradd` has made there is known by number, which `id -u NAME` tells. Default: the
   * container's `user`, or 0.
   */
  readonly user?: UserInput | undefined;
  /**
   * Resource limits, added to the container's. Each overrides the container's limit of the same name. Default: none.
   */
  readonly rlimits?: ResourceLimitsInput | undefined;
  /**
   * Limits of the command and all that it starts, as {@link Container.limits} takes them, with the same errors. They
   * are laid over the container's. Each replaces the container's limit of the same name, `io` and `unified` as a whole.
   * What is left out, or `undefined`, is as the container has it. So `{}` changes nothing where the container has
   * limits; else it counts without limiting. In a {@link RunningContainer} they hold below the container's. To enter
   * takes one process more for a moment, so `pids` is 2 or more there. Default: the container's limits.
   */
  readonly limits?: LimitsInput | undefined;
  /**
   * How long the container may run: wall-clock milliseconds from its start on. Then the supervisor sends `killSignal`,
   * also while the event loop is blocked. 0 to 2^53 − 1. Default: 0, no limit.
   */
  readonly timeout?: number | undefined;
  /** The signal that ends the command when its time is up. Default: `'SIGKILL'`, which nobody can ignore. */
  readonly killSignal?: NodeJS.Signals | number | undefined;
  /** Ends the container when it is aborted; the reason is then `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A terminal of the container's own, for those of the three standard descriptors that `stdio` leaves out; `true` is
   * 80 × 24. So `{ terminal: true, stdio: [undefined, 'pipe'] }` has an output apart from it. It is the controlling
   * terminal, /dev/tty. Default: none.
   */
  readonly terminal?:
    | boolean
    | {
        /** How wide it is, 1 to 65535. Default: 80. */
        readonly columns?: number;
        /** How high it is, 1 to 65535. Default: 24. */
        readonly rows?: number;
      }
    | undefined;
  /**
   * The session of the command, setsid(2). Default: `'new'`.
   *
   * - `'new'`: one of its own. A terminal in `stdio` is then no controlling terminal: /dev/tty is ENXIO.
   * - `'inherit'`: that of this process, and its process group. Ctrl-C and Ctrl-Z reach both, and /dev/tty is the
   *   caller's terminal. Who pushes input into it has the caller's shell execute that (TIOCSTI, CVE-2017-5226). The
   *   default filter forbids it; with `seccomp('unconfined')` only `dev.tty.legacy_tiocsti = 0` of Linux 6.2 does. So
   *   only use it for programs that you trust. Where carrel has a cgroup from systemd, `limits()` does not go with it.
   */
  readonly session?: Session | undefined;
  /**
   * Notes when each act began. Once the process has ended, its `explain({ timing: true })` tells it. It costs some
   * microseconds. Otherwise the clock is never read. Default: `false`.
   */
  readonly timing?: boolean | undefined;
  /**
   * Lets the container go on when Node ends, however it does; then only its `timeout` ends it. Node still waits for it
   * until `unref()` is called. The container keeps its ids until it has ended. It ends with Node where not all of its
   * hooks have run by then. Default: `false`, all ends with Node.
   */
  readonly detached?: boolean | undefined;
  /**
   * What becomes of processes that the command leaves behind. Default: `'end'`.
   *
   * - `'end'`: they end with it.
   * - `'keep'`: they go on until the container ends, as those of `nginx -g 'daemon on;'`. It is for commands of a
   *   {@link RunningContainer} only. What they write to the command's pipes is read no more.
   */
  readonly background?: 'end' | 'keep' | undefined;
  /**
   * Files that are written before the command starts: `[file('/tmp/main.c', source)]`, with `mode` and content as
   * {@link file} takes them. They belong to the command's user, and need that user's rights. What is there is replaced,
   * and missing directories above are made. They count as the command's memory, where they are in memory. Together up
   * to 60 MiB. Where one cannot be written, that is a {@link StepError}, and the command is not started; in a running
   * container those before it stay. Default: none.
   */
  readonly files?: readonly FileEntry[] | undefined;
}

/** The compiler insists that none is missing. */
const NAMES: Readonly<Record<keyof SpawnOptions, true>> = {
  stdio: true,
  env: true,
  cwd: true,
  user: true,
  rlimits: true,
  limits: true,
  timeout: true,
  killSignal: true,
  signal: true,
  terminal: true,
  session: true,
  timing: true,
  detached: true,
  background: true,
  files: true,
};

export const SPAWN_OPTIONS: readonly string[] = Object.freeze(Object.keys(NAMES));
/** A command that enters ends with its container, and so with Node. */
export const ENTER_OPTIONS: readonly string[] = Object.freeze(SPAWN_OPTIONS.filter((name) => name !== 'detached'));

const SIGKILL = 9;

/** What a caller asks to be run, as it was given. */
export interface Call<Options extends SpawnOptions = SpawnOptions> {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Options;
}

/** All that a command follows from, as the caller gave it. The compiler insists that no option is missing. */
export type Asked = Pick<Call, 'file' | 'args'> & {
  readonly [Name in keyof Omit<SpawnOptions, 'signal'>]-?: SpawnOptions[Name];
} & {
  /** Whether the container has hooks. */
  readonly hooked: boolean;
} & {
  /** Whether the container stays for others, with the command or without one; whether files are read at its end. */
  readonly [Name in 'stays' | 'collects' | 'pooled']: FramedCommand[Name] | undefined;
};

export function askedBy(
  { file, args, options }: Call,
  hooked: boolean,
  { stays, collects, pooled }: Partial<Pick<Asked, 'stays' | 'collects' | 'pooled'>> = {},
): Asked {
  object('options', options);
  const {
    stdio,
    env,
    cwd,
    user,
    rlimits,
    limits,
    timeout,
    killSignal,
    terminal,
    session,
    timing,
    detached,
    background,
    files,
  } = options;
  return {
    file,
    args,
    stdio,
    env,
    cwd,
    user,
    rlimits,
    limits,
    timeout,
    killSignal,
    terminal,
    session,
    timing,
    detached,
    background,
    files,
    hooked,
    stays,
    collects,
    pooled,
  };
}

/** A command with its options, checked. */
export interface CheckedCommand {
  readonly command: Command;
  readonly stdio: readonly StdioChoice[];
}

/** @throws TypeError or RangeError naming what is wrong. */
export function checkCommand(asked: Asked): CheckedCommand {
  const { args, cwd, user, rlimits, limits, hooked, stays, collects, pooled } = asked;
  const file = text('file', asked.file);
  if (file === '' && stays !== 'alone') throw invalidType('file', 'the name or path of a program', file);
  if (!Array.isArray(args)) throw invalidType('args', 'an array of strings', args);
  const terminal = checkTerminal(asked);
  const stdio = checkStdio(asked.stdio, terminal !== undefined);
  if (terminal !== undefined) checkShown(stdio);
  const session = checkOwnSession(asked);
  return {
    stdio,
    command: {
      invocation: checkInvocation(file, args, asked),
      framed: {
        ...(cwd === undefined ? {} : { cwd: containerPath('cwd', cwd) }),
        ...(user === undefined ? {} : { user: checkUser(user) }),
        ...(rlimits === undefined ? {} : { rlimits: checkRlimits(rlimits) }),
        ...(limits === undefined ? {} : { limits: checkCommandLimits(limits) }),
        stdio: stdio.map(({ kind }) => kind),
        ...(terminal === undefined ? {} : { terminal }),
        timed: boolean('timing', asked.timing ?? false),
        ...(session === 'inherit' ? { session } : {}),
        detached: checkDetached(asked),
        ...(checkBackground(asked) === 'keep' ? { background: 'keep' as const } : {}),
        hooked,
        ...(stays === undefined ? {} : { stays }),
        ...(collects === undefined ? {} : { collects }),
        ...(pooled === undefined ? {} : { pooled }),
      },
    },
  };
}

function checkInvocation(file: string, args: readonly unknown[], asked: Asked): Invocation {
  const { env = {}, timeout = 0, killSignal, files } = asked;
  return {
    file,
    args: args.map((argument, index) => text(`args[${index}]`, argument)),
    env: environment('env', env),
    timeoutMs: milliseconds('timeout', timeout, 0, Number.MAX_SAFE_INTEGER),
    timeoutSignal: killSignal === undefined ? SIGKILL : signalNumber('killSignal', killSignal),
    ...(files === undefined ? {} : { files: checkFiles('files', files) }),
  };
}

function checkDetached({ detached, terminal }: Asked): boolean {
  const checked = boolean('detached', detached ?? false);
  if (checked && terminal !== undefined && terminal !== false)
    throw contradiction('detached and terminal exclude each other: a terminal hangs up when Node lets go of it');
  return checked;
}

function checkBackground({ background, limits }: Asked): 'end' | 'keep' {
  const checked = oneOf('background', background ?? 'end', ['end', 'keep']) as 'end' | 'keep';
  if (checked === 'keep' && limits !== undefined)
    throw contradiction('background: "keep" and limits exclude each other: a cgroup of its own ends with the command');
  return checked;
}

/** A terminal that is none of the command's descriptors would have no stream here either. */
function checkShown(stdio: readonly StdioChoice[]): void {
  if (stdio.every(({ kind }) => kind !== 'terminal'))
    throw contradiction('terminal and stdio: none of the first three is left to the terminal; leave one out of stdio');
}

function checkOwnSession({ session, terminal, detached }: Asked): Session {
  const checked = checkSession(session);
  if (checked === 'new') return checked;
  if (terminal !== undefined && terminal !== false)
    throw contradiction('session: "inherit" and terminal exclude each other: a session has one terminal');
  if (detached === true)
    throw contradiction('session: "inherit" and detached exclude each other: the session ends with its leader');
  return checked;
}

function checkTerminal({ terminal }: Asked): FramedCommand['terminal'] {
  if (terminal === undefined || terminal === false) return undefined;
  const size = terminal === true ? {} : terminal;
  object('terminal', size);
  knownOptions('terminal', size, ['columns', 'rows']);
  return {
    columns: checkTerminalSize('terminal.columns', size.columns ?? 80),
    rows: checkTerminalSize('terminal.rows', size.rows ?? 24),
  };
}
