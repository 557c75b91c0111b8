/** The command: which file it may be, with which arguments, environment and descriptors. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { CommandLimits } from '../definition/limits.js';
import type { ResourceLimits } from '../definition/rlimits.js';
import type { NamedUser, User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { Descriptor } from '../plan/fields.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';

/**
 * What is to run, checked and with defaults filled in. Its two parts are what varies under one frame, and what the
 * frame depends on.
 */
export interface Command {
  readonly invocation: Invocation;
  readonly framed: FramedCommand;
}

/** What the ending and the clock take: commands that differ in nothing else share the frame of their plans. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly timeoutSignal: number;
  /** Written before it starts, in this order. Default: none. */
  readonly files?: readonly CommandFile[];
}

/** A file that a command finds. */
export interface CommandFile {
  /** An absolute path in the container. */
  readonly target: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** What the frame of the plan depends on. */
export interface FramedCommand {
  readonly cwd?: string;
  readonly user?: User | NamedUser;
  readonly rlimits?: ResourceLimits;
  /** Laid over the container's. */
  readonly limits?: CommandLimits;
  /** One entry a descriptor: a new pipe or socket, a descriptor of the caller's, /dev/null, or the terminal. */
  readonly stdio: readonly ('pipe' | 'socket' | 'descriptor' | 'ignore' | 'terminal')[];
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Whether the supervisor tells when each act began. */
  readonly timed: boolean;
  /** It stays in the session of Node's process. */
  readonly session?: 'inherit';
  /** Whether it goes on when Node ends. */
  readonly detached: boolean;
  /** It stays, for commands that enter later: with a main command, or as PID 1 alone. */
  readonly stays?: 'command' | 'alone';
  /**
   * It is one of a pool: what each of them does first is the same, whether files are read or not. Those of a pool that
   * becomes containers may stay too.
   */
  readonly pooled?: 'commands' | 'containers';
  /** Processes that it leaves behind go on, in the container that it has entered. */
  readonly background?: 'keep';
  /** Some of its files are read when it has ended. */
  readonly collects?: true;
  /** Whether the container waits while JavaScript of the caller's runs. */
  readonly hooked: boolean;
}

/** Docker's. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How a command's plan ends. */
export function endingFor({ stays }: FramedCommand): 'exec' | 'hold' {
  return stays === 'alone' ? 'hold' : 'exec';
}

/** The variables that every command of a frame has, unless it sets them itself. */
export interface Variables {
  readonly list: readonly string[];
  /** Where in the list each is. */
  readonly places: ReadonlyMap<string, number>;
  readonly path: string;
}

/** Nothing of the caller's environment: only what every program takes for granted, then what was asked for. */
export function variablesOf(
  definition: ContainerDefinition,
  framed: FramedCommand,
  host: Host,
  { home, enters }: { readonly home: string; readonly enters: boolean },
): Variables {
  const ownPrograms = definition.rootfs === undefined && (enters || definition.namespaces.includes('mount'));
  const { directory } = host.executable;
  const env: Readonly<Record<string, string>> = {
    // What is called `node` inside is what the caller runs.
    PATH: ownPrograms && directory !== undefined ? `${directory}:${DEFAULT_PATH}` : DEFAULT_PATH,
    HOME: home,
    ...(framed.terminal === undefined ? {} : { TERM: 'xterm' }),
    ...definition.env,
  };
  const names = Object.keys(env);
  return {
    list: Object.freeze(names.map((name) => `${name}=${env[name]}`)),
    places: new Map(names.map((name, index) => [name, index])),
    path: env.PATH ?? DEFAULT_PATH,
  };
}

/** The very list, where the command sets none. */
function withOwn({ list, places }: Variables, env: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(env);
  if (names.length === 0) return list;
  const all = [...list];
  for (const name of names) {
    const place = places.get(name);
    const variable = `${name}=${env[name]}`;
    if (place === undefined) all.push(variable);
    else all[place] = variable;
  }
  return Object.freeze(all);
}

/** The steps that write its files, frozen as all of a plan is. */
export function fileSteps({ files = [] }: Invocation): readonly ContainerStep[] {
  return files.map(({ target, mode, content }) =>
    Object.freeze({ op: 'replaceFile', target, mode, content, from: 'files' } as const),
  );
}

/** The last step, frozen as all of a plan is. */
export function execStep(
  { file, args, env }: Invocation,
  variables: Variables,
  descriptors: readonly Descriptor[],
): StepOf<'exec'> {
  return Object.freeze({
    op: 'exec',
    paths: Object.freeze(candidates(file, env.PATH ?? variables.path)),
    args: Object.freeze([file, ...args]),
    env: withOwn(variables, env),
    stdio: Object.freeze(descriptors),
  });
}

/** The files that are tried in order: the search of execvp(3), laid open in the plan. */
function candidates(file: string, path: string): readonly string[] {
  if (file.includes('/')) return [file];
  return path.split(':').map((directory) => `${directory === '' ? '.' : directory}/${file}`);
}
