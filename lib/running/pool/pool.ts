/** A pool: containers of one definition that are there before they are asked for. */

import { egressList } from '../../compile/network.js';
import { callOf } from '../../definition/call.js';
import { abortSignal, knownOptions } from '../../definition/checks.js';
import type { ContainerDefinition, DefinitionInput } from '../../definition/definition.js';

import { poolClosed } from '../../errors/errors.js';
import type { Plan } from '../../plan/plan.js';
import { type Call, ENTER_OPTIONS } from '../command.js';
import type { Hook } from '../hooks.js';
import type { ContainerProcess } from '../process.js';
import { type Bytes, checkRunCall, type RunOptions, type RunResult, run, type Texts } from '../run.js';
import type { RunningContainer } from '../running-container.js';
import { check, memberOf, spawn } from '../spawn.js';
import { start } from '../start.js';
import type { StartedFrom } from '../started-from.js';
import type { EnterOptions } from '../workings.js';
import { Members } from './members.js';
import { checkPool, type PoolOptions } from './options.js';
import { Turns } from './turns.js';

/** Options of {@link Pool.take}. */
export interface TakeOptions {
  /** Ends the wait for a container. The container that it gives is not ended by it. */
  readonly signal?: AbortSignal | undefined;
}

/** What a pool's containers are started from, as its caller knows it. */
export interface PooledFrom {
  readonly container: StartedFrom['container'];
  like(parts: DefinitionInput): StartedFrom['container'];
}

/** A use that goes on. */
interface Use {
  /** Ends it at once, once there is something to end. */
  end?: () => void;
  /** When its container has ended, where that is later than the call. */
  ended?: Promise<unknown>;
}

/**
 * Containers of one definition that are kept ready, from {@link Container.pool}. Each is used once, and a use is what
 * it would be in a container that was started for it: only the wait is shorter. A call whose options make another
 * container gets one of its own: with another `user`, `limits`, a `terminal`, `timing`, or other `stdio` than pipes.
 *
 * Containers that are ready do not hold Node, those in use do. However Node ends, all of them end.
 */
export class Pool implements AsyncDisposable {
  readonly #definition: ContainerDefinition;
  readonly #from: PooledFrom;
  readonly #members: Members;
  readonly #turns: Turns;
  /** Those that go on, and when each is over. */
  readonly #uses = new Map<Use, Promise<void>>();
  #closed: Promise<void> | undefined;
  #isDisposed = false;

  /** @internal */
  constructor(definition: ContainerDefinition, hooks: readonly Hook[], options: PoolOptions, from: PooledFrom) {
    const { size, max } = checkPool(definition, hooks, options);
    this.#definition = definition;
    this.#from = from;
    const plan = (): Plan | undefined => memberOf(definition, { pooled: this.#members });
    this.#members = new Members(size, plan, egressList(definition.network)?.allow);
    this.#turns = new Turns(max);
    this.#members.fill();
  }

  /** How many are ready. */
  get idle(): number {
    return this.#members.ready;
  }

  /** How many are in use. */
  get busy(): number {
    return this.#turns.taken;
  }

  /** How many calls wait for one, because `max` are in use. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /**
   * Runs a command in a container of its own to its end, and collects its output, as {@link Container.run} does. Its
   * `timeout` and CPU time begin when it has the container; `signal` ends the wait for one too, and the call then
   * rejects with its reason.
   *
   * @throws What `Container.run` throws, as a rejection; {@link CarrelError} with `ERR_POOL_CLOSED`.
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
    this.#mustBeOpen('run()');
    const call: Call<RunOptions> = callOf('run', undefined, file, args, options);
    const definition = this.#definition;
    const pooled = this.#members;
    checkRunCall(definition, { pooled }, call);
    return this.#use('run()', call.options.signal, async (use) => {
      const made = (child: ContainerProcess): void => {
        use.end = () => child.end('killed');
        child.once('spawn', () => pooled.worked());
      };
      return run(definition, { pooled, made }, call);
    });
  }

  /**
   * Starts a command in a container of its own, as {@link Container.spawn} does. It gives a promise, because there may
   * be a wait: time and `signal` are those of `run()`.
   *
   * @throws What `Container.spawn` throws, as a rejection; {@link CarrelError} with `ERR_POOL_CLOSED`.
   */
  async spawn(
    file: string,
    args?: readonly string[] | EnterOptions | null,
    options?: EnterOptions,
  ): Promise<ContainerProcess> {
    this.#mustBeOpen('spawn()');
    const call: Call = callOf('spawn', undefined, file, args, options);
    const definition = this.#definition;
    const pooled = this.#members;
    knownOptions('spawn()', call.options, ENTER_OPTIONS);
    check(definition, { pooled }, call);
    return this.#use('spawn()', call.options.signal, async (use) => {
      const child = spawn(definition, { pooled }, call);
      use.end = () => void child[Symbol.asyncDispose]();
      use.ended = child.ended;
      child.once('spawn', () => pooled.worked());
      return child;
    });
  }

  /**
   * Takes a container for yourself, as {@link Container.start} gives one without a main command. It ends as any other,
   * and does not come back. Until then it is in use.
   *
   * @throws What `Container.start` throws, as a rejection; {@link CarrelError} with `ERR_POOL_CLOSED`; the reason of
   *   `signal`, once it is aborted: then nothing of it is left.
   */
  async take(options: TakeOptions = {}): Promise<RunningContainer> {
    this.#mustBeOpen('take()');
    knownOptions('take()', options, ['signal']);
    const { signal } = options;
    abortSignal('signal', signal);
    signal?.throwIfAborted();
    const { container, like } = this.#from;
    // From now on those that are made can be taken.
    this.#members.becomes = 'containers';
    return this.#use('take()', signal, async (use) => {
      const end = new AbortController();
      const abort = (): void => end.abort(signal?.reason);
      use.end = () => end.abort(poolClosed('take()'));
      signal?.addEventListener('abort', abort, { once: true });
      try {
        const given = { file: undefined, args: [], options: { hold: true, signal: end.signal } };
        const running = await start(this.#definition, [], given, container, like, this.#members);
        if (end.signal.aborted) {
          await running[Symbol.asyncDispose]();
          throw end.signal.reason;
        }
        use.end = () => void running[Symbol.asyncDispose]();
        use.ended = running.result;
        this.#members.worked();
        return running;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    });
  }

  /**
   * Takes no more calls: they, and those that wait, reject with `ERR_POOL_CLOSED`. Ends the containers that are ready.
   * Resolves when those in use have ended by themselves.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The same, and ends those in use at once. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const closed = this.close();
    for (const use of this.#uses.keys()) use.end?.();
    await closed;
  }

  async #close(): Promise<void> {
    this.#turns.refuse(poolClosed('the call'));
    await this.#members.close();
    await Promise.all(this.#uses.values());
  }

  /** Has `begin` take a container when it is its turn, which lasts until the use is over. */
  async #use<Value>(
    what: string,
    signal: AbortSignal | undefined,
    begin: (use: Use) => Promise<Value>,
  ): Promise<Value> {
    const turn = this.#turns.take(signal);
    if (turn !== undefined) await turn;
    const use: Use = {};
    const begun = this.#begin(what, use, begin);
    const over = begun
      .then(() => use.ended)
      .then(
        () => this.#over(use),
        () => this.#over(use),
      );
    this.#uses.set(use, over);
    return begun;
  }

  async #begin<Value>(what: string, use: Use, begin: (use: Use) => Promise<Value>): Promise<Value> {
    await this.#members.soon();
    if (this.#isDisposed) throw poolClosed(what);
    return begin(use);
  }

  #over(use: Use): void {
    this.#uses.delete(use);
    this.#turns.give();
  }

  #mustBeOpen(what: string): void {
    if (this.#closed !== undefined) throw poolClosed(what);
  }
}

/** What {@link Container.pool} does. */
export function pool(
  definition: ContainerDefinition,
  hooks: readonly Hook[],
  options: PoolOptions,
  from: PooledFrom,
): Pool {
  return new Pool(definition, hooks, options, from);
}
