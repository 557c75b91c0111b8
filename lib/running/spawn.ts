/** Starts a command: options → command → plan → process. */

import { probeCgroups } from '../cgroup/probe.js';
import { userOf } from '../compile/caller.js';
import type { Command, FramedCommand, Invocation } from '../compile/command.js';
import { RANGE_FIRST } from '../compile/ids.js';
import {
  boolean,
  checkTerminalSize,
  containerPath,
  environment,
  integer,
  knownOptions,
  object,
  signalNumber,
  text,
} from '../definition/checks.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { checkRlimits, type ResourceLimitsInput } from '../definition/rlimits.js';
import { checkSession, type Session } from '../definition/session.js';
import { checkUser, type UserInput } from '../definition/user.js';
import { contradiction, invalidType } from '../errors/errors.js';
import { probeFor } from '../host/probe.js';
import { readUsers } from '../host/users.js';
import { monotonicNs } from '../launch/clock.js';
import { checkStdio, type StdioChoice, type StdioOption } from '../launch/stdio.js';
import type { Plan } from '../plan/plan.js';
import { planWithKeptFrame } from './frames.js';
import type { Hook } from './hooks.js';
import { perform } from './perform.js';
import type { ContainerProcess } from './process.js';

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
   * The user in the container, by numbers or names, as `Container.user` takes it. Default: the container's `user`, or
   * 0.
   */
  readonly user?: UserInput | undefined;
  /**
   * Resource limits, added to the container's. Each overrides the container's limit of the same name. Default: none.
   */
  readonly rlimits?: ResourceLimitsInput | undefined;
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
}

export const SPAWN_OPTIONS: readonly string[] = Object.freeze([
  'stdio',
  'env',
  'cwd',
  'user',
  'rlimits',
  'timeout',
  'killSignal',
  'signal',
  'terminal',
  'session',
  'timing',
  'detached',
]);

const SIGKILL = 9;

/** A command with its options, checked; and what of them is not the plan's. */
interface CheckedCommand {
  readonly command: Command;
  readonly stdio: readonly StdioChoice[];
  readonly signal: AbortSignal | undefined;
  /** When, on the monotonic clock. */
  readonly calledNs: number;
}

/** What a caller asks to be run, as it was given. */
export interface Call<Options extends SpawnOptions = SpawnOptions> {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Options;
}

/** `hooked`: whether the container has hooks. */
function checkCommand({ file, args, options }: Call, hooked: boolean): CheckedCommand {
  const calledNs = monotonicNs();
  object('options', options);
  const name = text('file', file);
  if (name === '') throw invalidType('file', 'the name or path of a program', file);
  if (!Array.isArray(args)) throw invalidType('args', 'an array of strings', args);
  const { cwd, user, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal);
  const terminal = checkTerminal(options);
  const stdio = checkStdio(options.stdio, terminal !== undefined);
  if (terminal !== undefined) checkShown(stdio);
  const session = checkOwnSession(options);
  return {
    stdio,
    signal,
    calledNs,
    command: {
      invocation: checkInvocation(name, args, options),
      framed: {
        ...(cwd === undefined ? {} : { cwd: containerPath('cwd', cwd) }),
        ...(user === undefined ? {} : { user: checkUser(user) }),
        ...(options.rlimits === undefined ? {} : { rlimits: checkRlimits(options.rlimits) }),
        stdio: stdio.map(({ kind }) => kind),
        ...(terminal === undefined ? {} : { terminal }),
        timed: boolean('timing', options.timing ?? false),
        ...(session === 'inherit' ? { session } : {}),
        detached: checkDetached(options),
        hooked,
      },
    },
  };
}

function checkInvocation(file: string, args: readonly unknown[], options: SpawnOptions): Invocation {
  const { env = {}, timeout = 0, killSignal } = options;
  return {
    file,
    args: args.map((argument, index) => text(`args[${index}]`, argument)),
    env: environment('env', env),
    timeoutMs: integer('timeout', timeout, 0, Number.MAX_SAFE_INTEGER),
    timeoutSignal: killSignal === undefined ? SIGKILL : signalNumber('killSignal', killSignal),
  };
}

function checkDetached({ detached, terminal }: SpawnOptions): boolean {
  const checked = boolean('detached', detached ?? false);
  if (checked && terminal !== undefined && terminal !== false)
    throw contradiction('detached and terminal exclude each other: a terminal hangs up when Node lets go of it');
  return checked;
}

/** A terminal that is none of the command's descriptors would have no stream here either. */
function checkShown(stdio: readonly StdioChoice[]): void {
  if (stdio.every(({ kind }) => kind !== 'terminal'))
    throw contradiction('terminal and stdio: none of the first three is left to the terminal; leave one out of stdio');
}

function checkOwnSession({ session, terminal, detached }: SpawnOptions): Session {
  const checked = checkSession(session);
  if (checked === 'new') return checked;
  if (terminal !== undefined && terminal !== false)
    throw contradiction('session: "inherit" and terminal exclude each other: a session has one terminal');
  if (detached === true)
    throw contradiction('session: "inherit" and detached exclude each other: the session ends with its leader');
  return checked;
}

function checkTerminal({ terminal }: SpawnOptions): FramedCommand['terminal'] {
  if (terminal === undefined || terminal === false) return undefined;
  const size = terminal === true ? {} : terminal;
  object('terminal', size);
  knownOptions('terminal', size, ['columns', 'rows']);
  return {
    columns: checkTerminalSize('terminal.columns', size.columns ?? 80),
    rows: checkTerminalSize('terminal.rows', size.rows ?? 24),
  };
}

/** What {@link Container.plan} does. */
export function planOf(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): Plan {
  knownOptions('plan()', call.options, SPAWN_OPTIONS);
  return planFor(definition, checkCommand(call, hooks.length > 0));
}

/** What {@link Container.spawn} does. */
export function spawn(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): ContainerProcess {
  knownOptions('spawn()', call.options, SPAWN_OPTIONS);
  return start(definition, hooks, call);
}

/** The plan for a command, with the first range of ids, which is another's as soon as it is performed. */
function planFor(definition: ContainerDefinition, { command }: CheckedCommand): Plan {
  const cgroups = definition.limits === undefined ? undefined : probeCgroups();
  const host = probeFor(definition, cgroups);
  const users = readUsers(definition, userOf(definition, command.framed.user ?? definition.user, host));
  return planWithKeptFrame(definition, command, { host, firstId: RANGE_FIRST, users });
}

/** Starts the command. Everything that can be wrong with the arguments is thrown before anything is made. */
export function start(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): ContainerProcess {
  const checked = checkCommand(call, hooks.length > 0);
  checked.signal?.throwIfAborted();
  const { stdio, signal, calledNs } = checked;
  return perform(planFor(definition, checked), { stdio, signal, hooks, calledNs });
}
