/** Starts a container that stays: with a main command, or PID 1 alone. */

import { randomBytes } from 'node:crypto';
import type { FramedCommand } from '../compile/command.js';
import { entering } from '../compile/enter.js';
import { planIds, RANGE_FIRST } from '../compile/ids.js';
import { identify } from '../compile/users.js';
import type { GivenStart } from '../definition/call.js';
import { boolean, knownOptions } from '../definition/checks.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { JoinedNamespace, NamespaceHandle } from '../definition/namespaces.js';
import { checkUser } from '../definition/user.js';
import { wordsOf } from '../definition/words.js';
import { contradiction } from '../errors/errors.js';
import { inquire } from '../host/inquiry.js';
import { ownNamespaces } from '../launch/namespaces.js';
import type { Namespace } from '../plan/constants.js';
import { explain } from '../plan/explain.js';
import { type Call, SPAWN_OPTIONS, type SpawnOptions } from './command.js';
import { givenNamespaces } from './given.js';
import type { Hook } from './hooks.js';
import type { Performing } from './perform.js';
import { lostStatus } from './result.js';
import { run } from './run.js';
import { RunningContainer, type Workings } from './running-container.js';
import { type Inside, planOf, spawn, start as startCommand } from './spawn.js';

/** Options of {@link Container.start}: those of `spawn` that are about the main command, and these. */
export interface StartOptions extends Omit<SpawnOptions, 'detached'> {
  /**
   * No main command, whatever the container has: PID 1 is carrel's init alone. Options that are about a main command
   * throw then. Default: `true` where there is no command.
   */
  readonly hold?: boolean | undefined;
}

/** What a container without a main command can be told. */
const HELD_OPTIONS = ['hold', 'limits', 'timeout', 'signal', 'timing'];
const OPTIONS = [...SPAWN_OPTIONS.filter((name) => name !== 'detached'), 'hold'];

/** What {@link Container.start} does. */
export async function start(
  definition: ContainerDefinition,
  hooks: readonly Hook[],
  given: GivenStart<StartOptions>,
): Promise<RunningContainer> {
  knownOptions('start()', given.options, OPTIONS);
  const { hold, ...options } = given.options;
  const main = mainOf(definition, given, hold);
  const holds = main === undefined;
  if (holds) checkHeld(definition, given.options);
  const stays: FramedCommand['stays'] = holds ? 'alone' : 'command';
  const call = { ...(main ?? { file: '', args: [] }), options: { stdio: 'ignore', ...options } as const };
  const performing = startCommand(definition, { hooks, stays }, call);
  try {
    await performing.supervision.started();
    if (performing.supervision.isOver) await performing.supervision.ended;
    return new RunningContainer(workingsOf(performing, enteredBy(definition, performing, call.options), holds));
  } catch (error) {
    await performing.child[Symbol.asyncDispose]();
    throw error;
  }
}

/** The main command; `undefined` where there is none. */
function mainOf(
  definition: ContainerDefinition,
  { file, args }: GivenStart<StartOptions>,
  hold: unknown,
): Pick<Call, 'file' | 'args'> | undefined {
  const [own, ...rest] = wordsOf(definition);
  const main = file === undefined ? own : file;
  if (boolean('hold', hold ?? main === undefined)) {
    if (file === undefined) return undefined;
    throw contradiction('hold: true is without a main command, and start() was given one');
  }
  if (main === undefined)
    throw contradiction('hold: false needs a main command: give start() a file, or the container a command()');
  return { file: main, args: file === undefined ? rest : args };
}

function checkHeld(definition: ContainerDefinition, options: StartOptions): void {
  const main = Object.entries(options).find(([name, value]) => value !== undefined && !HELD_OPTIONS.includes(name));
  if (main !== undefined) throw contradiction(`${main[0]} is about a main command, and start() has none`);
  if (!definition.namespaces.includes('pid') || !definition.init)
    throw contradiction(
      'start() without a main command needs carrel’s init as PID 1: keep "pid" among the namespaces, and init()',
    );
}

/** What commands that enter have to know of it. */
interface Entered {
  readonly inside: Inside;
  /** By which they are started. */
  readonly definition: ContainerDefinition;
  readonly namespaces: readonly JoinedNamespace[];
}

/** They are the user that the main command was started as. */
function enteredBy(given: ContainerDefinition, { supervision }: Performing, main: Pick<SpawnOptions, 'user'>): Entered {
  const definition = main.user === undefined ? given : { ...given, user: checkUser(main.user) };
  const { host, users } = inquire(definition, definition.user, undefined);
  const ids = planIds(definition, identify(definition.user, users), host, {
    first: supervision.firstId ?? RANGE_FIRST,
  });
  const { own, outer } = givenNamespaces(supervision);
  return {
    inside: { definition, entered: { ids, outer }, ends: () => supervision.ends() },
    definition: entering(definition, own),
    namespaces: own,
  };
}

function workingsOf({ supervision, child }: Performing, entered: Entered, holds: boolean): Workings {
  const { definition, inside, namespaces } = entered;
  return {
    id: randomBytes(6).toString('hex'),
    child,
    holds,
    pid: supervision.state.command?.first ?? 0,
    namespaces: handlesOf(namespaces),
    spawn: (call) => spawn(definition, { inside }, call),
    run: (call, made) => run(definition, { inside, made }, call),
    plan: (call) => planOf(definition, { inside }, call),
    explain,
    end: (reason) => supervision.end(reason),
    lost: (error) => lostStatus(0, { degraded: [error.message] }),
  };
}

/** Those that it shares with this process are this process's. */
function handlesOf(given: readonly JoinedNamespace[]): Readonly<Record<Namespace, NamespaceHandle>> {
  const own = Object.fromEntries(given.map(({ type, path, inode }) => [type, Object.freeze({ path, inode })]));
  return Object.freeze({ ...ownNamespaces(), ...own });
}
