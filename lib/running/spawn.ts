/** Starts a command: options → command → plan → process. */

import { statSync } from 'node:fs';
import { probeCgroups } from '../cgroup/probe.js';
import type { FramedCommand } from '../compile/command.js';
import type { Entered } from '../compile/enter.js';
import { RANGE_FIRST } from '../compile/ids.js';
import { egressList, joinedNetwork } from '../compile/network.js';
import { abortSignal, knownOptions } from '../definition/checks.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { NamedUser, User } from '../definition/user.js';
import { contradiction, hasEnded } from '../errors/errors.js';
import { inquire } from '../host/inquiry.js';
import { monotonicNs } from '../launch/clock.js';
import { ownNamespaces } from '../launch/namespaces.js';
import type { StdioChoice } from '../launch/stdio.js';
import type { Plan } from '../plan/plan.js';
import type { Ahead } from './ahead.js';
import type { Around } from './around.js';
import { askedBy, type Call, ENTER_OPTIONS, SPAWN_OPTIONS } from './command.js';
import type { Files } from './files/files.js';
import type { Hook } from './hooks.js';
import { type KnownCommand, knownCommand, memberWithFrame, type Situation } from './kept.js';
import { type Beginning, type Performing, perform } from './perform.js';
import type { ContainerProcess } from './process.js';

/** What a command is started in, beside the definition that its plan follows from. */
export interface Surrounding {
  /** What the caller's JavaScript does before its mounts. Default: nothing. */
  readonly hooks?: readonly Hook[];
  /** It stays for commands that enter. */
  readonly stays?: FramedCommand['stays'];
  /** The container that it enters. */
  readonly inside?: Inside;
  /** The pool that it is of: what was begun of its containers. */
  readonly pooled?: Pooling | undefined;
  /** Its descriptors, instead of those that its options say: of the same kinds. */
  readonly stdio?: readonly StdioChoice[] | undefined;
  /** Is told of the process of a `run()`. */
  readonly made?: (child: ContainerProcess) => void;
  /** Its files can be read when it has ended, until its supervision is let go of. */
  readonly collects?: true;
}

/** What was begun of a pool's containers. */
export interface Pooling extends Beginning {
  /** What they may become. */
  readonly becomes: NonNullable<FramedCommand['pooled']>;
}

/** A container that stays, as a command sees it that enters. */
export interface Inside extends Around {
  /** By which it was made: that says where its users' names stand. */
  readonly definition: ContainerDefinition;
  readonly entered: Entered;
  /** Its files, as that user. Default: as the container's. */
  filesOf(user: User | NamedUser | undefined): Files;
  /** What was begun of commands that enter it. */
  readonly ahead: Ahead;
}

/** What {@link Container.plan} does, and {@link RunningContainer.plan}. */
export function planOf(definition: ContainerDefinition, surrounding: Surrounding, call: Call): Plan {
  checkOptions('plan()', surrounding, call);
  return planFor(definition, commandOf(definition, surrounding, call), surrounding);
}

/** What {@link Container.spawn} does, and {@link RunningContainer.spawn}. */
export function spawn(definition: ContainerDefinition, surrounding: Surrounding, call: Call): ContainerProcess {
  checkOptions('spawn()', surrounding, call);
  return start(definition, surrounding, call).child;
}

/** The first part of the plans of a pool's commands; `undefined` where each has to be begun by itself. */
export function memberOf(definition: ContainerDefinition, surrounding: Surrounding): Plan | undefined {
  const known = commandOf(definition, surrounding, { file: 'true', args: [], options: {} });
  return memberWithFrame(definition, known.command, situationOf(definition, known, surrounding));
}

/** What can be wrong with the arguments is thrown, and nothing is made. */
export function check(definition: ContainerDefinition, surrounding: Surrounding, call: Call): void {
  const { signal } = call.options;
  abortSignal('signal', signal);
  signal?.throwIfAborted();
  checkSurrounding(commandOf(definition, surrounding, call), surrounding);
}

function checkOptions(what: string, { inside, pooled }: Surrounding, { options }: Call): void {
  knownOptions(what, options, inside === undefined && pooled === undefined ? SPAWN_OPTIONS : ENTER_OPTIONS);
}

/** Starts the command. Everything that can be wrong with the arguments is thrown before anything is made. */
export function start(definition: ContainerDefinition, surrounding: Surrounding, call: Call): Performing {
  const calledNs = monotonicNs();
  if (definition.publish.length > 0 && surrounding.stays === undefined) {
    throw contradiction('publish() takes start(): a container of one command has ended before anybody connects');
  }
  const known = commandOf(definition, surrounding, call);
  const { signal } = call.options;
  abortSignal('signal', signal);
  signal?.throwIfAborted();
  const plan = planFor(definition, known, surrounding);
  const { hooks = [], inside, pooled, stdio = known.stdio, collects } = surrounding;
  const { limits } = known.command.framed;
  const egress = inside === undefined ? egressList(definition.network)?.allow : undefined;
  const around = { within: inside, ahead: inside?.ahead ?? pooled, pooled: pooled !== undefined };
  return perform(plan, { stdio, signal, hooks, calledNs, ...around, limits, collects, egress });
}

function commandOf(definition: ContainerDefinition, surrounding: Surrounding, call: Call): KnownCommand {
  const { hooks = [], stays, collects, pooled } = surrounding;
  return knownCommand(definition, askedBy(call, hooks.length > 0, { stays, collects, pooled: pooled?.becomes }));
}

/** The plan for a command, with the first range of ids, which is another's as soon as it is performed. */
function planFor(definition: ContainerDefinition, known: KnownCommand, surrounding: Surrounding): Plan {
  checkSurrounding(known, surrounding);
  return known.planIn(situationOf(definition, known, surrounding));
}

function checkSurrounding({ command }: KnownCommand, { inside }: Surrounding): void {
  if (command.framed.background === 'keep' && inside === undefined)
    throw contradiction(
      'background: "keep" is for commands of a running container: elsewhere all ends with the command',
    );
}

function situationOf(definition: ContainerDefinition, { command }: KnownCommand, { inside }: Surrounding): Situation {
  if (inside === undefined) checkNetworkOfOther(definition);
  const { limits, user } = command.framed;
  const cgroups = (limits ?? definition.limits) === undefined ? undefined : probeCgroups();
  const { host, users } = inquire(inside?.definition ?? definition, user ?? definition.user, cgroups);
  return { host, firstId: RANGE_FIRST, users, entered: inside?.entered };
}

/** What would be refused step by step, or is not meant, is said at once. */
function checkNetworkOfOther(definition: ContainerDefinition): void {
  const network = joinedNetwork(definition.network);
  if (network === undefined) return;
  const { path, inode } = network.namespaces.network;
  if (inode === ownNamespaces().network.inode)
    throw contradiction("network(container): that one has the network of this process: use network('host')");
  if (isGone(path, inode)) throw hasEnded('network(container)');
}

/** Another process, or another descriptor, may have the name of one that was there. */
function isGone(path: string, inode: number): boolean {
  try {
    return statSync(path).ino !== inode;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
