/** A container that stays: commands enter it. */

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { callOf } from '../definition/call.js';
import { milliseconds as checkMs, signalNumber } from '../definition/checks.js';
import type { LimitsUpdate } from '../definition/limits.js';
import type { InNamespaces, NamespaceHandle } from '../definition/namespaces.js';
import type { PublishOptions } from '../definition/publish.js';
import { hasEnded } from '../errors/errors.js';
import type { Namespace } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { StatsOptions } from './control.js';
import type { RunningContainerEvents } from './events.js';
import type { Files } from './files/files.js';
import type { LogStream, LogsOptions } from './log-stream.js';
import type { Listener } from './ports/listener.js';
import type { Published } from './ports/published.js';
import type { ConnectionHandler, ConnectOptions, PortTarget } from './ports/target.js';
import type { ContainerProcess } from './process.js';
import type { WaitOptions } from './readiness.js';
import type { ReadyOf } from './ready.js';
import type { ExitStatus } from './result.js';
import type { Bytes, RunOptions, RunResult, Texts } from './run.js';
import type { Change } from './snapshot/changes.js';
import type { SnapshotOptions } from './snapshot/snapshot.js';
import type { Snapshot } from './snapshot/taken.js';
import type { StartedFrom } from './started-from.js';
import type { Stats } from './stats.js';
import { checkGrace, endWithin, type StopOptions } from './stop.js';
import type { EnterOptions, Workings } from './workings.js';

/**
 * A condition of readiness: `{ port }`, `{ line, times }`, `{ file }`, `{ http }`, `{ command }`, or a function. Of a
 * list, all of them.
 */
export type Ready = ReadyOf<RunningContainer>;

/**
 * A container that runs until it is told to end, or until its main command ends, from {@link Container.start}. Commands
 * enter it by `run()` and `spawn()`: they see its files, processes and network, and have no right that it lacks. They
 * end with it.
 *
 * When Node ends, however it does, the container ends with it. Until then it holds Node, unless `unref()` is called.
 */
export class RunningContainer extends EventEmitter<RunningContainerEvents> implements AsyncDisposable, InNamespaces {
  /** A name that no other container of this process has. */
  readonly id: string;
  /** What it was started from, a {@link Container}: to start another one like it. */
  readonly container: StartedFrom['container'];
  /** Its PID 1, as the host numbers it. */
  readonly pid: number;
  /** The main command; `undefined` where there is none. */
  readonly main: ContainerProcess | undefined;
  /** Its files, as its user. */
  readonly files: Files;
  /**
   * How it ended. It never rejects. With a main command it is how that ended; without one, after `stop()`, exit code 0
   * and reason `exited`.
   */
  readonly result: Promise<ExitStatus>;

  readonly #workings: Workings<RunningContainer>;
  /** Commands that have entered and not ended. */
  readonly #commands = new Set<ContainerProcess>();
  #isOver = false;
  #namespaces: Readonly<Record<Namespace, NamespaceHandle>> | undefined;
  #isStopping = false;
  #isPaused = false;

  /** @internal */
  constructor(workings: Workings<RunningContainer>) {
    super();
    const { id, container, pid, child, holds } = workings;
    this.#workings = workings;
    this.id = id;
    this.container = container;
    this.pid = pid;
    this.main = holds ? undefined : child;
    this.files = workings.files;
    child.on('oom', (kills) => this.emit('oom', kills));
    child.on('violation', (violation) => this.emit('violation', violation));
    child.on('connection', (connection) => this.emit('connection', connection));
    this.result = this.#ended();
  }

  /** Those that it is in, for another container to join. They are found through this process, as long as it runs. */
  get namespaces(): Readonly<Record<Namespace, NamespaceHandle>> {
    this.#namespaces ??= this.#workings.namespaces();
    return this.#namespaces;
  }

  /** Whether it runs still; `paused` from when `pause()` has resolved until `resume()` is called. */
  get state(): 'running' | 'paused' | 'ended' {
    if (this.#isOver) return 'ended';
    return this.#isPaused ? 'paused' : 'running';
  }

  /**
   * Starts a command in the container, as {@link Container.spawn} does. User, environment, directory, capabilities,
   * filters and resource limits are the container's. When the command ends, all that it has started ends.
   *
   * @throws What `Container.spawn` throws; {@link CarrelError} with `ERR_ENDED` where the container has ended.
   */
  spawn(file: string, args?: readonly string[] | EnterOptions | null, options?: EnterOptions): ContainerProcess {
    this.#mustRun('spawn()');
    return this.#entered(this.#workings.spawn(callOf('spawn', undefined, file, args, options)));
  }

  /**
   * Runs a command in the container to its end, and collects its output, as {@link Container.run} does.
   *
   * @throws What `spawn` throws, as a rejection; {@link ExitError} with `check: true`.
   */
  run(file: string, args?: readonly string[] | null, options?: RunOptions & Texts): Promise<RunResult>;
  run(file: string, args: readonly string[] | null, options: RunOptions & Bytes): Promise<RunResult<Buffer>>;
  run(file: string, options: RunOptions & Texts): Promise<RunResult>;
  run(file: string, options: RunOptions & Bytes): Promise<RunResult<Buffer>>;
  run(
    file: string,
    args?: readonly string[] | RunOptions | null,
    options?: RunOptions,
  ): Promise<RunResult<string | Buffer>>;
  async run(
    file: string,
    args?: readonly string[] | RunOptions | null,
    options?: RunOptions,
  ): Promise<RunResult<string | Buffer>> {
    this.#mustRun('run()');
    return this.#workings.run(callOf('run', undefined, file, args, options), (child) => this.#entered(child));
  }

  /**
   * Gives the plan of a command that enters, as a value. Nothing is started.
   *
   * @param file Default: `sh`.
   * @throws What `spawn` throws.
   */
  plan(file = 'sh', args?: readonly string[] | EnterOptions | null, options?: EnterOptions): Plan {
    this.#mustRun('plan()');
    return this.#workings.plan(callOf('plan', undefined, file, args, options));
  }

  /** Gives the same plan as a text, as {@link Container.explain} does. Throws as `plan()`. */
  explain(file = 'sh', args?: readonly string[] | EnterOptions | null, options?: EnterOptions): string {
    return this.#workings.explain(this.plan(file, args, options));
  }

  /**
   * Sends a signal, a name or number, to the main command, without one to each command. `SIGKILL` ends everything; `0`
   * only asks whether it still runs. Default: `'SIGTERM'`.
   *
   * @returns Whether it had not ended yet.
   * @throws TypeError or RangeError for an unknown signal.
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    const number = signal === 0 ? 0 : signalNumber('signal', signal);
    if (this.#isOver) return false;
    if (this.main !== undefined) return this.main.kill(signal);
    if (number === signalNumber('signal', 'SIGKILL')) this.#workings.end('killed');
    else for (const command of this.#commands) command.kill(signal);
    return true;
  }

  /**
   * Asks the main command to end by SIGTERM, without one every command; ends everything by SIGKILL where that has not
   * helped.
   *
   * @param options.grace Milliseconds for its own way, 0 to 2^31 − 1; 0 is SIGKILL at once. Default: 10,000.
   * @returns How it ended, also where it had before.
   * @throws TypeError or RangeError for a bad option.
   */
  stop(options: StopOptions = {}): Promise<ExitStatus> {
    const grace = checkGrace(options);
    if (this.main !== undefined) {
      void this.main.stop({ grace }).catch(() => {});
    } else if (!this.#isOver && !this.#isStopping) {
      this.#isStopping = true;
      const commands = [...this.#commands];
      const gone = Promise.all(commands.map((command) => command.ended.catch(() => {})));
      const kill = (signal: NodeJS.Signals): void => {
        if (signal === 'SIGKILL') this.#workings.end('exited');
        else for (const command of commands) command.endWithContainer(signal);
      };
      endWithin(grace, kill, gone);
      void gone.then(() => this.#workings.end('exited'));
    }
    return this.result;
  }

  /**
   * Gives what the main command has written and carrel has kept: bytes, oldest first, both streams in the order in
   * which Node has received them; with `follow`, on to its end. The command never waits for who reads it: who is too
   * slow misses what was dropped, and `missedBytes` and the event `missed` tell. Without a main command there is
   * nothing. `docker logs`
   *
   * @throws TypeError naming the option, and where the main command's `stdio` is not `'log'`; the reason of a `signal`
   *   that is aborted already.
   */
  logs(options: LogsOptions = {}): LogStream {
    return this.#workings.logs(options);
  }

  /**
   * Resolves when the container is ready by these conditions, which are those of the `ready` of `start()`. Where it
   * rejects, the container goes on.
   *
   * @throws TypeError or RangeError naming the part; {@link ReadyError} where it has not become ready; the reason of
   *   `signal`, once it is aborted; {@link CarrelError} with `ERR_ENDED` where the container had ended before the call.
   */
  async waitFor(ready: Ready | readonly Ready[], options: WaitOptions = {}): Promise<void> {
    return this.#workings.waitFor(this, ready, options);
  }

  /** Ports that are published, by the container's port. */
  get ports(): ReadonlyMap<number, Published> {
    return this.#workings.ports.published;
  }

  /**
   * Connects to a service inside: a port of its loopback, by 127.0.0.1 or ::1, or the path of a Unix socket. The call
   * waits while the service has no room for it. Clients that connect by themselves take {@link publish}.
   *
   * @returns A connected socket. It holds Node until it ends, or `unref()` is called.
   * @throws TypeError or RangeError for a bad argument, as a rejection; {@link StepError} with ECONNREFUSED where
   *   nobody listens; {@link CarrelError} with `ERR_TIMEOUT`, or with `ERR_ENDED` where the container has ended; the
   *   reason of the `signal`. connect(2)
   */
  connect(target: PortTarget, options?: ConnectOptions): Promise<Socket> {
    return this.#workings.ports.connect(target, options);
  }

  /**
   * Serves what programs inside connect to: at a port of the container's loopback, on 127.0.0.1 and ::1, or at a path
   * inside, where everybody inside may connect. The container's user makes the socket, with the rights that it has. A
   * port takes up to 4,096 connections at a time.
   *
   * @param handler Is called with each connection; a server of `node:net` or `node:http` gets a `connection` event.
   * @throws TypeError or RangeError for a bad argument, as a rejection; {@link StepError} with EADDRINUSE where
   *   somebody listens there; {@link CarrelError} with `ERR_ENDED` where the container has ended. bind(2), listen(2)
   */
  listen(target: PortTarget, handler: ConnectionHandler): Promise<Listener> {
    return this.#workings.ports.listen(target, handler);
  }

  /**
   * Has the host forward TCP connections, up to 4,096 at a time, to a port of the container until that ends. Without
   * options only programs on this machine can connect. A connection ends where nobody listens inside.
   *
   * @returns Where the host listens: `host` and `port`, for clients that connect by themselves.
   * @throws TypeError or RangeError for a bad argument, as a rejection; {@link CarrelError} with the kernel's code
   *   where this process cannot listen there, or with `ERR_ENDED` where the container has ended.
   */
  publish(port: number, options?: PublishOptions): Promise<Published> {
    return this.#workings.ports.publish(port, options);
  }

  /**
   * Tells where a published port is reached: `{ host, port }`, for a client.
   *
   * @throws TypeError where the port is not published; {@link CarrelError} with `ERR_ENDED`.
   */
  address(port: number): { readonly host: string; readonly port: number } {
    return this.#workings.ports.address(port);
  }

  /**
   * Replaces the list of `network({ allow })`, and ends connections that the new one does not have. Resolves when it
   * holds. Calls take effect one after the other.
   *
   * @throws TypeError or RangeError naming the entry, as a rejection, also unless it was started with a list;
   *   {@link StepError} where the kernel refuses a part, and the list is what it was; CarrelError with `ERR_ENDED`.
   */
  async allow(list: readonly string[]): Promise<void> {
    this.#mustRun('allow()');
    return this.#workings.allow(list);
  }

  /**
   * What all of the container uses now, its commands too; with an interval, again and again until it has ended, for
   * `for await`. Needs `limits()`.
   *
   * @throws As {@link ContainerProcess.stats}.
   */
  stats(): Promise<Stats>;
  stats(options: StatsOptions): AsyncGenerator<Stats, void, void>;
  stats(options?: StatsOptions): Promise<Stats> | AsyncGenerator<Stats, void, void> {
    const { child } = this.#workings;
    return options === undefined ? child.stats() : child.stats(options);
  }

  /**
   * Changes limits while it runs; what is left out stays. Commands inside have no more from then on; one with limits of
   * its own keeps those that are less. Needs `limits()`; throws as {@link ContainerProcess.update}, and then all limits
   * are as they were. `docker update`
   */
  update(limits: LimitsUpdate): Promise<void> {
    return this.#workings.child.update(limits);
  }

  /**
   * Sets how long it may live from now on, in milliseconds: 0 to 2^53 − 1; 0 is without end. It replaces the `timeout`
   * of `start()`. The supervisor keeps the time; resolves when it has begun.
   *
   * @throws TypeError or RangeError for another number; {@link CarrelError} with `ERR_ENDED` where it has ended.
   */
  async setTimeout(milliseconds: number): Promise<void> {
    return this.#workings.setTimeout(checkMs('milliseconds', milliseconds, 0, Number.MAX_SAFE_INTEGER));
  }

  /**
   * Freezes all commands; resolves when nothing of them runs. Those that are started meanwhile wait; `files` does not,
   * and nobody takes connections. Time-outs go on. Needs `limits()`; throws as `stats()`.
   */
  async pause(): Promise<void> {
    await this.#workings.child.pause();
    this.#isPaused = true;
  }

  /** Lets them go on. Of calls of this and of `pause()` the last decides. Needs `limits()`; throws as `stats()`. */
  async resume(): Promise<void> {
    this.#isPaused = false;
    await this.#workings.child.resume();
  }

  /**
   * Keeps what would be lost with the container: what was written to `/`, `/tmp`, overlays and file systems in memory.
   * Binds, a `rootfs` that is a directory, `/dev` and processes are not in it. A container with `limits()` is paused
   * meanwhile; of others each file is as it was at some moment. Sockets in it lead nowhere, and devices are left out.
   *
   * @returns Files on disk, and the definition of a container that begins with them: `snapshot.container`. What was
   *   mounted in memory is an overlay there. Until it is disposed of, it is the same for any number of containers.
   * @throws TypeError for a bad option, as a rejection; {@link StepError} with the `path` inside where something cannot
   *   be copied, such as ENOSPC; the reason of `signal`; {@link CarrelError} with `ERR_ENDED` where the container has
   *   ended, or ends meanwhile. Then nothing of it is left.
   * @see overlayfs of the kernel's documentation; in a user namespace its containers need Linux 6.6.
   */
  async snapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    this.#mustRun('snapshot()');
    return this.#workings.writings.snapshot(options, this.#isPaused);
  }

  /**
   * What was written until now where {@link snapshot} looks, in order of path. A directory that something was changed
   * in has changed. What carrel has made is not listed, nor is what is behind a mount. `docker diff`
   *
   * @throws {@link CarrelError} with `ERR_ENDED` where the container has ended, or ends meanwhile.
   */
  async changes(): Promise<readonly Change[]> {
    this.#mustRun('changes()');
    return this.#workings.writings.changes();
  }

  /** Lets Node wait for it and for its ports, as it does by default. */
  ref(): void {
    this.#workings.child.ref();
    this.#workings.ports.ref();
  }

  /** Lets Node end without waiting for it or its ports; it then ends with Node. Commands inside hold Node. */
  unref(): void {
    this.#workings.child.unref();
    this.#workings.ports.unref();
  }

  /** Ends it at once, and waits until all of it is gone. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#workings.end('killed');
    await this.result;
    await this.#workings.child[Symbol.asyncDispose]();
    await this.#workings.ports.dispose();
  }

  #mustRun(what: string): void {
    if (this.#isOver || this.#isStopping) throw hasEnded(what);
  }

  #entered(child: ContainerProcess): ContainerProcess {
    this.#commands.add(child);
    const forget = (): void => {
      this.#commands.delete(child);
    };
    child.ended.then(forget, forget);
    return child;
  }

  async #ended(): Promise<ExitStatus> {
    const { child, lost } = this.#workings;
    const status = await child.result.catch(lost);
    this.#isOver = true;
    this.#workings.ports.over();
    await Promise.all([
      this.files.close(hasEnded('a call of files')),
      this.#workings.close(),
      ...[...this.#commands].map((command) => command.ended.catch(() => {})),
    ]);
    this.emit('exit', status.exitCode, status.signal);
    return status;
  }
}
