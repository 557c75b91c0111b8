/** The command: which file it may be, with which arguments, environment and descriptors. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { ResourceLimits } from '../definition/rlimits.js';
import type { NamedUser, User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { Descriptor } from '../plan/fields.js';
import type { EndingOp, StepOf } from '../plan/steps.js';

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
}

/** What the frame of the plan depends on. */
export interface FramedCommand {
  readonly cwd?: string;
  readonly user?: User | NamedUser;
  readonly rlimits?: ResourceLimits;
  /** One entry a descriptor: a new pipe or socket, a descriptor of the caller's, /dev/null, or the terminal. */
  readonly stdio: readonly ('pipe' | 'socket' | 'descriptor' | 'ignore' | 'terminal')[];
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Whether the supervisor tells when each act began. */
  readonly timed: boolean;
  /** It stays in the session of Node's process. */
  readonly session?: 'inherit';
  /** Whether it goes on when Node ends. */
  readonly detached: boolean;
  /** Whether the container waits while JavaScript of the caller's runs. */
  readonly hooked: boolean;
}

/** Docker's. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How a command's plan ends. */
export const ENDING = 'exec' satisfies EndingOp;

/** The last step, frozen as all of a plan is. */
export function execStep(
  definition: ContainerDefinition,
  command: Command,
  host: Host,
  home: string,
  descriptors: readonly Descriptor[],
): StepOf<typeof ENDING> {
  const { file, args } = command.invocation;
  const env = environment(definition, command, host, home);
  return Object.freeze({
    op: ENDING,
    paths: Object.freeze(candidates(file, env.PATH ?? DEFAULT_PATH)),
    args: Object.freeze([file, ...args]),
    env: Object.freeze(Object.entries(env).map(([name, value]) => `${name}=${value}`)),
    stdio: Object.freeze(descriptors),
  });
}

/** Nothing of the caller's environment: only what every program takes for granted, then what was asked for. */
function environment(
  definition: ContainerDefinition,
  { invocation, framed }: Command,
  host: Host,
  home: string,
): Record<string, string> {
  const ownPrograms = definition.rootfs === undefined && definition.namespaces.includes('mount');
  const { directory } = host.executable;
  return {
    // What is called `node` inside is what the caller runs.
    PATH: ownPrograms && directory !== undefined ? `${directory}:${DEFAULT_PATH}` : DEFAULT_PATH,
    HOME: home,
    ...(framed.terminal === undefined ? {} : { TERM: 'xterm' }),
    ...definition.env,
    ...invocation.env,
  };
}

/** The files that are tried in order: the search of execvp(3), laid open in the plan. */
function candidates(file: string, path: string): readonly string[] {
  if (file.includes('/')) return [file];
  return path.split(':').map((directory) => `${directory === '' ? '.' : directory}/${file}`);
}
