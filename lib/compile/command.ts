/** The command: which file it may be, with which arguments, environment and descriptors. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { ResourceLimits } from '../definition/rlimits.js';
import type { NamedUser, User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { StepOf } from '../plan/steps.js';

/** What is to run, checked and with defaults filled in. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: User | NamedUser;
  readonly rlimits?: ResourceLimits;
  /** One entry a descriptor: a new pipe or socket, a descriptor of the caller's, or /dev/null. */
  readonly stdio: readonly ('pipe' | 'socket' | 'descriptor' | 'ignore')[];
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly timeoutMs: number;
  readonly timeoutSignal: number;
  /** Whether the supervisor tells when each act began. */
  readonly timed: boolean;
  /** Whether it goes on when Node ends. */
  readonly detached: boolean;
  /** Whether JavaScript of the caller's is to run while the container waits. */
  readonly hooked: boolean;
}

/** Docker's. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The last step, frozen as all of a plan is. */
export function execStep(
  definition: ContainerDefinition,
  command: Command,
  host: Host,
  home: string,
  descriptors: readonly number[],
): StepOf<'exec'> {
  const env = environment(definition, command, host, home);
  return Object.freeze({
    op: 'exec',
    paths: Object.freeze(candidates(command.file, env.PATH ?? DEFAULT_PATH)),
    args: Object.freeze([command.file, ...command.args]),
    env: Object.freeze(Object.entries(env).map(([name, value]) => `${name}=${value}`)),
    stdio: Object.freeze(descriptors),
  });
}

/** Nothing of the caller's environment: only what every program takes for granted, then what was asked for. */
function environment(
  definition: ContainerDefinition,
  command: Command,
  host: Host,
  home: string,
): Record<string, string> {
  const ownPrograms =
    definition.rootfs === undefined && definition.namespaces.includes('mount') && host.execDir !== undefined;
  return {
    PATH: ownPrograms ? `${DEFAULT_PATH}:${host.execDir}` : DEFAULT_PATH,
    HOME: home,
    ...(command.terminal === undefined ? {} : { TERM: 'xterm' }),
    ...definition.env,
    ...command.env,
  };
}

/** The files that are tried in order: the search of execvp(3), laid open in the plan. */
function candidates(file: string, path: string): readonly string[] {
  if (file.includes('/')) return [file];
  return path.split(':').map((directory) => `${directory === '' ? '.' : directory}/${file}`);
}
