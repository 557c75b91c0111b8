/** One process in a container: a `ChildProcess` in all but name. */

import { EventEmitter } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { checkTerminalSize, signalNumber } from '../definition/checks.js';
import type { LimitsUpdate } from '../definition/limits.js';
import type { NamespaceHandle } from '../definition/namespaces.js';
import { unread, whenDrained } from '../launch/drain.js';
import type { StdioEnds } from '../launch/stdio.js';
import type { StdioEnd } from '../launch/stdio-end.js';
import type { Namespace } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { TimedAct } from '../plan/timing.js';
import { attach } from './attach.js';
import type { ProcessControl, StatsOptions } from './control.js';
import type { ContainerProcessEvents } from './events.js';
import type { ExitStatus, Reason } from './result.js';
import type { Stats } from './stats.js';
import { checkGrace, endWithin, type StopOptions } from './stop.js';
import type { Supervision } from './supervision.js';

/**
 * A command in a container, from {@link Container.spawn}. Properties, methods and events are those of Node's
 * `ChildProcess`, with these differences: `pid` is known from `spawn` on; when `exit` comes, all of the container has
 * ended and been cleaned up; `result` is the end as a promise.
 *
 * When Node ends, however it does, the container ends with it.
 */
export class ContainerProcess extends EventEmitter<ContainerProcessEvents> implements AsyncDisposable {
  /** The program, as it was asked for. */
  readonly spawnfile: string;
  /** Its arguments, from the program's own name on. */
  readonly spawnargs: readonly string[];

  readonly #supervision: Supervision;
  readonly #control: ProcessControl;
  readonly #ends: readonly (StdioEnd | null)[];
  readonly #terminal: Duplex | null;
  #stdio: readonly (Duplex | null)[] | undefined;
  #killed = false;
  #resultWanted = false;
  /** Where the caller started it: what an error's stack shows, which else would begin in the event loop. */
  readonly #origin: { readonly stack?: string } = {};

  /**
   * @internal What it works with is made by its maker, so naming this class does not load all of that.
   * @param args The command, from the program's own name on.
   */
  constructor(
    supervision: Supervision,
    control: ProcessControl,
    args: readonly string[],
    { ends, terminal }: StdioEnds,
  ) {
    super();
    Error.captureStackTrace(this.#origin, ContainerProcess);
    this.#supervision = supervision;
    this.#control = control;
    this.spawnargs = args;
    this.spawnfile = args[0] ?? '';
    this.#ends = ends;
    this.#terminal = terminal;
    supervision.listen({
      // Data comes in a later turn; the event is last, so that what a listener throws keeps nothing from being done.
      running: () => {
        this.#release();
        this.emit('spawn');
      },
      oom: (kills) => this.emit('oom', kills),
      violation: (violation) => this.emit('violation', violation),
      connection: (connection) => this.emit('connection', connection),
      over: (end, unclean) => this.#onEnd(end, unclean),
    });
  }

  /**
   * The command's standard input; `null` where it is not a pipe. With a terminal, its input. It is made when it is
   * first read here, as all of the process's streams are. Without that, a command that reads it waits.
   */
  get stdin(): Writable | null {
    return this.#stream(0);
  }

  /**
   * Its output waits until it is read, also when the command has ended; where somebody listens to `close` and nobody
   * reads, it is dropped then. Before it is first read here, a command that writes more than a pipe holds waits, which
   * is 64 KiB. With a terminal, all that is shown on it; where it is destroyed the terminal hangs up, and its session
   * gets SIGHUP.
   */
  get stdout(): Readable | null {
    return this.#stream(1);
  }

  /** Its standard error, as `stdout`. `null` where it is not a pipe, and with a terminal, which shows both. */
  get stderr(): Readable | null {
    return this.#stream(2);
  }

  /**
   * The streams of all descriptors, `null` where one has none; those from the fourth on go both ways. To read this
   * makes them all.
   */
  get stdio(): readonly (Duplex | null)[] {
    this.#stdio ??= Object.freeze(this.#ends.map((_, index) => this.#stream(index)));
    return this.#stdio;
  }

  /** The plan that was performed. */
  get plan(): Plan {
    return this.#supervision.plan;
  }

  /**
   * When each act of it began, and how long it took, in the order of time, once it has ended. `undefined` before that,
   * and unless it was started with `timing: true`. Times of the container's own acts are the child's, all others are
   * their supervisor's or Node's, on the one monotonic clock.
   */
  get timing(): readonly TimedAct[] | undefined {
    return this.#supervision.timing;
  }

  /**
   * The plan that was performed, as a text of two columns; with `timing`, what was timed, in the order of time, with
   * microseconds since the call and those that each act took.
   *
   * @throws TypeError for `timing` before the end, or where the process was not started with `timing: true`.
   */
  explain({ timing = false }: { readonly timing?: boolean } = {}): string {
    return this.#control.explain(timing);
  }

  /** The command's process id on the host; `undefined` until it runs. */
  get pid(): number | undefined {
    return this.#supervision.state.command?.pid;
  }

  /** The exit code; `null` while it runs, and where a signal ended it. */
  get exitCode(): number | null {
    return this.#supervision.status?.exitCode ?? null;
  }

  /** The signal that ended it, or `null`. */
  get signalCode(): NodeJS.Signals | null {
    return this.#supervision.status?.signal ?? null;
  }

  /**
   * The namespaces that it is in, for another container to join: `new Container().namespaces(['user', 'mount', {
   * network: child }])`. `undefined` until it runs. They are known by their inode numbers, so that nobody joins those
   * of another process that has got its pid.
   */
  get namespaces(): Readonly<Record<Namespace, NamespaceHandle>> | undefined {
    return this.#supervision.state.command?.namespaces;
  }

  /** Whether `kill()` has sent a signal. It does not say that the command has ended. */
  get killed(): boolean {
    return this.#killed;
  }

  /**
   * How the command ended. Resolves when all of the container is gone, also for exit codes other than 0. Rejects where
   * the container could not be made; then an `error` event is emitted only if it is listened to. So it is with
   * `ERR_ENDED`, where the {@link RunningContainer} that it was to enter has ended first.
   */
  get result(): Promise<ExitStatus> {
    this.#resultWanted = true;
    return this.#supervision.ended;
  }

  /**
   * Sends a signal to the command, by its pidfd; `SIGKILL` ends everything in the container. A signal sent before the
   * command runs is delivered once it does.
   *
   * @param signal A name or number. Default: `'SIGTERM'`. `0` only asks whether it is still there.
   * @returns Whether the command had not ended yet.
   * @throws TypeError or RangeError for an unknown signal.
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    const number = signal === 0 ? 0 : signalNumber('signal', signal);
    if (this.#supervision.isOver) return false;
    if (number !== 0) {
      this.#killed = true;
      this.#supervision.signal(number, 'killed');
    }
    return true;
  }

  /** @internal Resolves or rejects when it has ended; nobody counts as told by this. */
  get ended(): Promise<ExitStatus> {
    return this.#supervision.ended;
  }

  /** @internal Sends a signal that the container around it sends to all. */
  endWithContainer(signal: NodeJS.Signals): void {
    this.#supervision.signal(signalNumber('signal', signal), 'container-ended');
  }

  /** @internal Ends everything in the container, and says why. */
  end(reason: Reason): void {
    this.#supervision.end(reason);
  }

  /** @internal Gives it no input, without a stream. */
  closeInput(): void {
    this.#ends[0]?.destroy();
  }

  /**
   * Tells the container's terminal a new size. The foreground job gets SIGWINCH.
   *
   * @param columns 1 to 65,535, as `rows`.
   * @returns `false` where there is no terminal, or the command has ended.
   * @throws TypeError or RangeError naming the one that is none.
   */
  resize(columns: number, rows: number): boolean {
    checkTerminalSize('columns', columns);
    checkTerminalSize('rows', rows);
    if (this.#terminal === null || this.#supervision.isOver) return false;
    this.#supervision.order({ kind: 'resize', columns, rows });
    return true;
  }

  /**
   * Joins the caller's terminal with the container's: what is typed goes in, what is shown comes out, the window's size
   * follows. The caller's terminal is in raw mode meanwhile, and restored whatever happens.
   *
   * @returns When the command has ended and everything was shown.
   * @throws TypeError where either side has no terminal.
   */
  attach(): Promise<ExitStatus> {
    return attach(this, this.#terminal);
  }

  /**
   * What the container uses now; with an interval, again and again until it has ended, for `for await`. Needs
   * `limits()`.
   *
   * @throws CarrelError with code `ERR_CGROUP_UNAVAILABLE` without limits, `ERR_ENDED` where it has ended; the
   *   command's own failure to start.
   */
  stats(): Promise<Stats>;
  stats(options: StatsOptions): AsyncGenerator<Stats, void, void>;
  stats(options?: StatsOptions): Promise<Stats> | AsyncGenerator<Stats, void, void> {
    return options === undefined ? this.#control.stats() : this.#control.samples(options);
  }

  /**
   * Changes limits while it runs; what is left out stays. Only those whose controller the container was started with:
   * memory, swap and pids always, others where `limits()` had one of that kind. Needs `limits()`.
   *
   * @throws TypeError or RangeError naming the limit; CarrelError as `stats()`; Node's system error where the kernel
   *   refuses it, such as less memory than is in use in cgroup v1.
   */
  update(limits: LimitsUpdate): Promise<void> {
    return this.#control.update(limits);
  }

  /**
   * Freezes the command and all that it has started; resolves when nothing of it runs, or `resume()` was called
   * meanwhile. Time-outs go on. Needs `limits()`; throws as `stats()`.
   */
  pause(): Promise<void> {
    return this.#control.freeze(true);
  }

  /**
   * Lets it go on. Calls of this and of `pause()` take effect in their order: the last decides. Needs `limits()`;
   * throws as `stats()`.
   */
  resume(): Promise<void> {
    return this.#control.freeze(false);
  }

  /** Lets Node wait for the command, as it does by default. */
  ref(): void {
    this.#supervision.ref();
  }

  /** Lets Node end without waiting for the command; the container then ends with Node. */
  unref(): void {
    // The pipes keep Node from ending, as those of `child_process` do, unless the caller lets go of them too.
    if (!this.#supervision.isOver) for (const end of this.#ends) end?.touch();
    this.#supervision.unref();
  }

  /**
   * Asks the command to end by SIGTERM, and ends everything in the container by SIGKILL where that has not helped.
   *
   * @param options.grace Milliseconds that it has for its own way, 0 to 2^31 − 1; 0 is SIGKILL at once. Default:
   *   10,000.
   * @returns How it ended, also where it had before. Rejects where the container could not be made.
   * @throws TypeError or RangeError for a bad option.
   */
  stop(options: StopOptions = {}): Promise<ExitStatus> {
    const grace = checkGrace(options);
    if (!this.#supervision.isOver) endWithin(grace, (signal) => this.kill(signal), this.#supervision.ended);
    return this.result;
  }

  /**
   * Ends the container, and waits until it is gone; output that nobody has begun to read is given up. For `await
   * using`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end('killed');
    await this.#supervision.ended.catch(() => {});
    for (const stream of unread(this.#ends)) stream.destroy();
  }

  #onEnd(end: ExitStatus | Error, unclean: boolean): void {
    this.#control.over();
    if (unclean) void this.#control.sweep();
    whenDrained(this.#ends, this as EventEmitter, () => this.emit('close', this.exitCode, this.signalCode));
    if (end instanceof Error) {
      end.stack = `${end.name}: ${end.message}\n${this.#origin.stack?.replace(/^.*\n/, '')}`;
      for (const one of this.#ends) one?.destroy();
      // That the container around it has ended is told by that one. By a race it would have been a status.
      const isTold = (end as NodeJS.ErrnoException).code === 'ERR_ENDED';
      const isHeard = isTold || this.#resultWanted || this.#supervision.isAwaited;
      if (!isHeard || this.listenerCount('error') > 0) this.emit('error', end);
    } else {
      // It may have been killed before it ran.
      this.#release();
      // A terminal's stream still has to say its last.
      if (!this.#terminal) this.#ends[0]?.destroy();
      for (const one of this.#ends) one?.settle();
      this.emit('exit', end.exitCode, end.signal);
    }
  }

  #release(): void {
    for (const end of this.#ends) end?.release();
  }

  #stream(index: number): Duplex | null {
    return this.#ends[index]?.touch() ?? null;
  }
}
