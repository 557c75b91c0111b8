/**
 * The launcher process: one for each Node thread that starts containers, started on first use, and again if it died.
 * Commands that stay in Node's session have a second one, which is in that session.
 *
 * Node starts it by its own `spawn`, so no code of carrel's ever runs after a fork in Node's address space. It ends
 * when its socket is closed, which the kernel does whatever becomes of Node.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Session } from '../definition/session.js';
import { CarrelError, descriptorNotOpen, launcherFailed, launcherUnreached } from '../errors/errors.js';
import { RESOURCES } from '../plan/constants.js';
import { encodeMessage } from '../plan/message-bytes.js';
import { type Channel, channel } from './channel.js';
import { launcherImage } from './installed.js';
import { lane } from './lane.js';
import { logOf } from './log.js';
import { native } from './native.js';
import { obstacleOf } from './obstacle.js';
import { openSocket } from './streams.js';

const log = logOf('launcher');

/** Milliseconds after which a request is tried again that did not fit into the socket. */
const RETRY_MS = 1;
/**
 * How often it is tried: its queue is emptied by the launcher, within a minute if at all; for fewer descriptors of this
 * user under way carrel waits for others, who may never come. unix(7)
 */
const TRIES: Readonly<Record<string, number>> = { EAGAIN: 60_000, ETOOMANYREFS: 1000 };

/** Where a command in front of the launcher finds it, behind the launcher's own; the launcher itself closes it. */
const IMAGE = 7;

class Launcher {
  readonly process: ChildProcess;
  readonly #socket: Socket;
  readonly #descriptor: number;
  /** By which what it starts tells Node. */
  readonly #channel: Channel;

  /**
   * @param session Its session: one of its own, or this process's.
   * @param by A command that executes what stands behind it, in the same process.
   */
  constructor(session: Session, by: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    const { socketpair, close } = native();
    this.#channel = channel();
    const { theirs: notices, watch } = this.#channel;
    const [ours, theirs] = socketpair();
    const passed = [theirs];
    try {
      const image = launcherImage();
      passed.push(image);
      const [command, ...args] = by.length === 0 ? [`/proc/self/fd/${image}`] : [...by, `/proc/self/fd/${IMAGE}`];
      // A spare's child is in a session of its own already.
      if (session === 'inherit') args.push('--session');
      else if (!spares) args.push('--no-spare');
      // Of some errors Node tells by an event; others it throws.
      this.process = spawn(command ?? '', args, {
        ...(by.length === 0 ? { argv0: 'carrel' } : {}),
        cwd: '/',
        env,
        // A session of its own: no signal from the terminal, and no terminal to push input into.
        detached: session === 'new',
        stdio: [
          'ignore',
          'ignore',
          'ignore',
          theirs,
          lane().theirs,
          notices,
          watch,
          ...(by.length === 0 ? [] : [image]),
        ],
      });
      // Node's end: an ordinary socket, so that it is closed with its thread, and tells when the launcher has died.
      this.#socket = openSocket(ours);
    } catch (error) {
      close(ours);
      throw error;
    } finally {
      for (const descriptor of passed) close(descriptor);
    }
    this.#descriptor = ours;
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      log('gone');
      this.#channel.watchLines();
    });
    this.#socket.resume();
    this.#socket.unref();
    this.process.unref();
    if (this.process.pid !== undefined) halveQuotas(this.process.pid);
    log('started, pid %d', this.process.pid);
  }

  /** Asks the socket itself: its descriptor is another's as soon as it is destroyed, before it says `close`. */
  get alive(): boolean {
    return !this.#socket.destroyed && !this.#channel.isOver;
  }

  /** Gives it up, because it does not answer. */
  abandon(): void {
    this.#socket.destroy();
  }

  /**
   * Ends what was to become it: a command that hangs does not look at the socket. Where none could be executed, kill()
   * has no process id to go by.
   */
  end(): void {
    this.abandon();
    if (this.process.pid !== undefined) this.process.kill('SIGKILL');
  }

  /** Asks for a supervisor. Returns the kernel's error name where that could not be sent. */
  start(supervisor: number, descriptors: readonly number[]): string | undefined {
    const message = encodeMessage({ kind: 'start', supervisor }, descriptors.length);
    return this.alive ? native().trySend(this.#descriptor, message, descriptors) : 'EPIPE';
  }
}

/**
 * What the kernel counts for a user, and bounds for all of a user namespace by the soft limit of who makes it: so
 * containers together leave the other half to their caller. user_namespaces(7), getrlimit(2), Linux 5.14
 */
function halveQuotas(pid: number): void {
  for (const resource of ['sigpending', 'msgqueue'] as const) {
    // A Node whose real user is another than its effective one may not: containers then share the quota with it.
    const error = native().tryDivideLimit(pid, RESOURCES[resource], 2);
    if (error !== undefined) log('%s stays that of its caller: %s', resource, error);
  }
}

/**
 * By the session of what they start. Nobody joins one that is there: what inherits it has a launcher in it. setsid(2)
 */
const launchers: { [Kind in Session]?: Launcher } = {};
let spares = true;

/**
 * Whether launchers that are started from now on make a spare supervisor while nothing is asked of them; they do by
 * default. For tests that count processes and calls.
 */
export function makeSpares(makes: boolean): void {
  spares = makes;
}

/** Whether what follows is begun while nothing is asked. */
export function makesSpares(): boolean {
  return spares;
}

/** What is asked of a launcher. */
export interface Request {
  /** The number that the supervisor is to have. */
  readonly supervisor: number;
  /** The plan, the line, and what fills the first slots. */
  readonly descriptors: readonly number[];
  readonly session: Session;
}

/**
 * Asks the launcher of that session to perform a plan. The caller may close the descriptors when `sent` is called. A
 * launcher that has died is replaced.
 */
export function request(asked: Request, sent: (error?: Error) => void, tried = 0): void {
  let launcher: Launcher;
  try {
    launcher = ready(asked.session);
  } catch (cause) {
    // What is wrong with a file that CARREL_LAUNCHER names is told already.
    const isTold = cause instanceof CarrelError;
    sent(isTold ? cause : launcherFailed(cause as Error, obstacleOf(cause as Error)));
    return;
  }
  if (launcher.process.pid === undefined) {
    launcher.abandon();
    // Node tells why by an event, after this turn.
    launcher.process.once('error', (cause) => sent(launcherFailed(cause, obstacleOf(cause))));
    return;
  }
  const error = launcher.start(asked.supervisor, asked.descriptors);
  if (error === 'EPIPE' || error === 'ECONNRESET') {
    launcher.abandon();
    request(asked, sent, tried);
  } else if (error !== undefined && tried + 1 < (TRIES[error] ?? 0)) {
    setTimeout(() => request(asked, sent, tried + 1), RETRY_MS);
  } else {
    sent(error === undefined ? undefined : unsent(error, asked.descriptors));
  }
}

/** Why a request could not be sent. */
function unsent(error: string, descriptors: readonly number[]): Error {
  const closed = error === 'EBADF' ? descriptors.find((descriptor) => !isOpen(descriptor)) : undefined;
  return closed === undefined ? launcherUnreached(error) : descriptorNotOpen(closed);
}

function isOpen(descriptor: number): boolean {
  return lstatSync(`/proc/self/fd/${descriptor}`, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Starts another launcher by way of a command. Where `prove`, which is given its process id, finds what it has to, that
 * launcher serves all that follows, and the one that was there, with all that it has started, goes on alone. Otherwise,
 * or where the command could not be executed, nothing is changed, what was started is ended, and the answer is
 * `undefined`.
 */
export function launchBy<Found>(
  by: readonly string[],
  env: Readonly<Record<string, string>>,
  prove: (pid: number) => Found | undefined,
): Found | undefined {
  const launcher = new Launcher('new', by, env);
  launcher.process.on('error', (error) => log('%s: %s', by[0], error.message));
  let found: Found | undefined;
  try {
    found = launcher.process.pid === undefined ? undefined : prove(launcher.process.pid);
  } finally {
    if (found === undefined) launcher.end();
  }
  if (found === undefined) return undefined;
  launchers.new?.abandon();
  launchers.new = launcher;
  return found;
}

/** The process id of the launcher that is there. */
export function launcherPid(): number | undefined {
  const there = launchers.new;
  return there?.alive === true ? there.process.pid : undefined;
}

/** The launcher that is there, or a new one. One that could not be started has no pid. */
function ready(session: Session): Launcher {
  const there = launchers[session];
  if (there?.alive === true) return there;
  there?.abandon();
  const launcher = new Launcher(session);
  if (launcher.process.pid !== undefined) launchers[session] = launcher;
  return launcher;
}
