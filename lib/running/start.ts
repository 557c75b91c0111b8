/** Starts a container that stays: with a main command, or PID 1 alone. */

import { enteredCgroups } from '../cgroup/entered.js';
import { randomHex } from '../cgroup/unique.js';
import { userOf } from '../compile/caller.js';
import type { FramedCommand } from '../compile/command.js';
import { entering } from '../compile/enter.js';
import { withLimits } from '../compile/limits.js';
import type { Served } from '../compile/serve.js';
import { type Identity, identify } from '../compile/users.js';
import type { GivenStart } from '../definition/call.js';
import { boolean, knownOptions } from '../definition/checks.js';
import type { ContainerDefinition, DefinitionInput } from '../definition/definition.js';
import { checkCommandLimits } from '../definition/limits.js';
import type { JoinedNamespace, NamespaceHandle } from '../definition/namespaces.js';
import { checkUser, type NamedUser, type User } from '../definition/user.js';
import { wordsOf } from '../definition/words.js';
import { contradiction, hasEnded } from '../errors/errors.js';
import { inquire } from '../host/inquiry.js';
import { ownNamespaces } from '../launch/namespaces.js';
import type { StdioOption } from '../launch/stdio.js';
import type { Namespace } from '../plan/constants.js';
import { explain } from '../plan/explain.js';
import { Ahead } from './ahead.js';
import type { Around } from './around.js';
import { type Call, SPAWN_OPTIONS, type SpawnOptions } from './command.js';
import { ContainerLimits } from './container-limits.js';
import { EgressChange } from './egress-change.js';
import { Files } from './files/files.js';
import { Servers, serverOf } from './files/servers.js';
import { Stuck } from './files/stuck.js';
import type { Hook } from './hooks.js';
import { MainOutput } from './main-output.js';
import type { Performing } from './perform.js';
import { SocketMaker } from './ports/maker.js';
import { Ports } from './ports/ports.js';
import { checkWait, checkWaitFor, type Waiting, whenReady } from './readiness.js';
import { checkReady } from './ready.js';
import { lostStatus } from './result.js';
import { run } from './run.js';
import { type Ready, RunningContainer } from './running-container.js';
import { givenBy } from './served.js';
import { Writings } from './snapshot/writings.js';
import type { Written } from './snapshot/written.js';
import { type Inside, type Pooling, planOf, spawn, start as startCommand } from './spawn.js';
import type { StartedFrom } from './started-from.js';
import type { Workings } from './workings.js';

/** Options of {@link Container.start}: those of `spawn` that are about the main command, and these. */
export interface StartOptions extends Omit<SpawnOptions, 'background' | 'detached' | 'stdio'> {
  /**
   * What it is ready by; of a list, all of them. Default: that it runs. A {@link ReadyError} otherwise, and the
   * container is ended.
   */
  readonly ready?: Ready | readonly Ready[] | undefined;
  /** Milliseconds for `ready`, 0 to 2^31 − 1; 0 is without end. Default: 60,000. */
  readonly readyTimeout?: number | undefined;
  /**
   * No main command, whatever the container has: PID 1 is carrel's init alone. Options that are about a main command
   * throw then. Default: `true` where there is no command.
   */
  readonly hold?: boolean | undefined;
  /**
   * The main command's descriptors: `'log'`, or what `spawn` takes. With `'log'` its standard input is /dev/null, and
   * carrel keeps the last `logBytes` of its output, for `logs()` and for errors. It waits for nobody to read that. With
   * `'pipe'` the caller has to read `main.stdout` and `main.stderr`. Default: `'log'`, or the `terminal`.
   */
  readonly stdio?: 'log' | StdioOption | undefined;
  /**
   * How much of its output is kept, both streams together: bytes, or a text such as `'64k'`; 1 byte to 1 GiB. A change
   * from one stream to the other counts as 8 bytes. Memory is taken as output comes. Default: `'1m'`.
   */
  readonly logBytes?: number | string | undefined;
}

/** What a container without a main command can be told. */
const HELD_OPTIONS = ['hold', 'ready', 'readyTimeout', 'limits', 'timeout', 'signal', 'timing'];
const OWN_OPTIONS = ['hold', 'ready', 'readyTimeout', 'logBytes'];
const OPTIONS = [...SPAWN_OPTIONS.filter((name) => !['background', 'detached'].includes(name)), ...OWN_OPTIONS];

/**
 * What {@link Container.start} does.
 *
 * @param container What it is started from, as its caller knows it.
 * @param pooled The pool that it is of.
 */
export async function start(
  definition: ContainerDefinition,
  hooks: readonly Hook[],
  given: GivenStart<StartOptions>,
  container: StartedFrom['container'],
  like: (parts: DefinitionInput) => StartedFrom['container'],
  pooled?: Pooling,
): Promise<RunningContainer> {
  knownOptions('start()', given.options, OPTIONS);
  const { hold, ready = [], readyTimeout, logBytes, stdio, ...options } = given.options;
  const main = mainOf(definition, given, hold);
  if (main === undefined) checkHeld(definition, given.options);
  const output = main === undefined ? MainOutput.none : MainOutput.of(stdio, logBytes, options.terminal);
  const conditions = checkReady<RunningContainer>('ready', ready, output.log !== undefined);
  const timeoutMs = checkWait('readyTimeout', readyTimeout);
  const call = { ...(main ?? { file: '', args: [] }), options: { ...options, stdio: output.option } };
  const stays: FramedCommand['stays'] = main === undefined ? 'alone' : 'command';
  const performing = output.during(() =>
    startCommand(definition, { hooks, stays, stdio: output.choices, pooled }, call),
  );
  output.endsWith(performing.supervision.ended);
  try {
    await performing.supervision.started();
    if (performing.supervision.isOver) await performing.supervision.ended;
    const entered = enteredBy(definition, performing, call.options);
    const { limited, written } = entered;
    const writings = new Writings(written, like, limited ? performing.child : undefined);
    const workings = { ...workingsOf(performing, entered, main === undefined, output), container, writings };
    const running = new RunningContainer(workings);
    for (const publication of definition.publish) await workings.ports.open(publication);
    if (conditions.length > 0)
      await whenReady(conditions, waitingFor(running, performing, output), { timeoutMs, signal: options.signal });
    return running;
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
  readonly served: Served;
  readonly files: Files;
  /** Those of its servers that were given up. */
  readonly stuck: Stuck;
  readonly written: Written;
  readonly change: EgressChange;
  /** Whether it can be paused. */
  readonly limited: boolean;
}

/** They are the user that the main command was started as. */
function enteredBy(
  given: ContainerDefinition,
  { supervision, control }: Performing,
  main: Pick<SpawnOptions, 'cwd' | 'user' | 'limits'>,
): Entered {
  const definition = main.user === undefined ? given : { ...given, user: checkUser(main.user) };
  const { own, outer, ids, served } = givenBy(definition, definition.user, supervision);
  const who = (one: User | NamedUser): Identity => {
    const { host, users } = inquire(definition, one, undefined);
    return identify(userOf(definition, one, host), users);
  };
  const stuck = new Stuck();
  const files = new Files({ served, identify: who, cwd: main.cwd ?? definition.cwd, stuck });
  const { limits } = withLimits(definition, main.limits === undefined ? undefined : checkCommandLimits(main.limits));
  const shared = limits === undefined ? undefined : new ContainerLimits(limits);
  const places = shared === undefined ? [] : enteredCgroups(supervision.plan);
  if (shared !== undefined) control.share(shared);
  const around: Around = { limits: shared, ends: () => supervision.ends() };
  return {
    inside: {
      ...around,
      definition,
      get entered() {
        return { ids, outer, cgroups: shared === undefined ? undefined : { limits: shared.now, places } };
      },
      ahead: new Ahead(definition, around),
      filesOf: (user) => (user === undefined ? files : files.as(user)),
    },
    definition: entering(definition, own),
    namespaces: own,
    served,
    files,
    stuck,
    written: { definition: given, supervision, ids, user: outer ?? own.find(({ type }) => type === 'user') },
    change: new EgressChange(given, supervision, own, outer),
    limited: shared !== undefined,
  };
}

/** How a container is looked at until it is ready. */
function waitingFor(container: RunningContainer, { child }: Performing, output: MainOutput): Waiting<RunningContainer> {
  return {
    command: child.spawnargs,
    ended: container.result,
    looks: {
      container,
      log: output.log,
      run: container.run.bind(container),
      connect: container.connect.bind(container),
      exists: (path) => container.files.exists(path),
    },
  };
}

function workingsOf(
  performing: Performing,
  entered: Entered,
  holds: boolean,
  output: MainOutput,
): Omit<Workings<RunningContainer>, 'container' | 'writings'> {
  const { definition, inside, namespaces, served, files, stuck } = entered;
  const { supervision, child } = performing;
  return {
    files,
    id: randomHex(6),
    child,
    holds,
    pid: supervision.state.command?.first ?? 0,
    namespaces: () => handlesOf(namespaces),
    spawn: (call) => spawn(definition, { inside }, call),
    run: (call, made) => run(definition, { inside, made }, call),
    plan: (call) => planOf(definition, { inside }, call),
    explain,
    logs: (options) => output.open(options),
    waitFor: async (container, ready, options) => {
      const { conditions, bounds } = checkWaitFor<RunningContainer>(ready, options, output.log !== undefined);
      if (container.state === 'ended') throw hasEnded('waitFor()');
      await whenReady(conditions, waitingFor(container, performing, output), bounds);
    },
    ports: new Ports(
      new SocketMaker(() => {
        const { plan, slots } = serverOf(served);
        return { brief: new Servers(() => plan, { stuck }), slots };
      }),
    ),
    allow: (list) => entered.change.allow(list),
    end: (reason) => supervision.end(reason),
    setTimeout: async (milliseconds) => {
      if (!(await supervision.setTimeout(milliseconds))) throw hasEnded('setTimeout()');
    },
    close: () => inside.ahead.close(),
    lost: (error) => lostStatus(0, { degraded: [error.message] }),
  };
}

/** Those that it shares with this process are this process's. */
function handlesOf(given: readonly JoinedNamespace[]): Readonly<Record<Namespace, NamespaceHandle>> {
  const own = Object.fromEntries(given.map(({ type, path, inode }) => [type, Object.freeze({ path, inode })]));
  return Object.freeze({ ...ownNamespaces(), ...own });
}
