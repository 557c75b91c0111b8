/** A server, as Node sees it: it performs one list of steps after the other in a running container. */

import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { descriptorNotSent, endDegraded, protocolBroken, serverLost } from '../../errors/errors.js';
import { monotonicNs } from '../../launch/clock.js';
import { logOf } from '../../launch/log.js';
import { native } from '../../launch/native.js';
import { startSupervisor } from '../../launch/start.js';
import { openSocket } from '../../launch/streams.js';
import { encode } from '../../plan/encode.js';
import { explain, explainServed } from '../../plan/explain.js';
import type { Plan } from '../../plan/plan.js';
import { type Answer, answerLength, encodeRequest, readAnswer } from '../../plan/serving-bytes.js';
import type { ServedStep } from '../../plan/steps.js';
import type { ExitStatus } from '../result.js';
import { Supervision } from '../supervision.js';

/** A request of up to this size goes into the empty socket as a whole. unix(7) */
const AT_ONCE = 64 * 1024;
const NUMBERS = 2 ** 32;
const log = logOf('plan');
const asked = channel('carrel:served');

/**
 * A message of the channel `carrel:served` of `node:diagnostics_channel`: a list of steps that is sent to a server of a
 * running container. `files`, `connect()`, `listen()` and `publish()` consist of such lists, one or several; so do
 * conditions of `ready`. `explain()` of `carrel/plan` prints them, and the plan. Nothing is said while nobody has
 * subscribed.
 */
export interface ServedList {
  /** By which the server has come into the container: it joins namespaces, becomes the user, and ends with `serve`. */
  readonly plan: Plan;
  /** What it performs, in this order, up to the first that the kernel refuses. */
  readonly steps: readonly ServedStep[];
}

/** Who hears of a server. */
export interface ServerListener {
  /** It is gone, or nobody can end it: {@link Server.whenGone} tells. */
  over(server: Server): void;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** What a server answers, with the descriptors that came before. */
export class Server {
  readonly #listener: ServerListener;
  readonly #plan: Plan;
  readonly #supervision: Supervision;
  readonly #socket: Socket;
  readonly #descriptor: number;
  readonly #lane: number;
  #pending: Pending | undefined;
  #number = 0;
  #rest: Buffer[] = [];
  #came = 0;
  #length: number | undefined;
  #failure: Error | undefined;
  #isEnding = false;
  #over = false;

  #isLeft = false;

  /**
   * Takes over `handed`, what the plan receives beside its two sockets.
   *
   * @throws what {@link startSupervisor} throws: then there is none.
   */
  constructor(plan: Plan, listener: ServerListener, handed: readonly number[] = []) {
    this.#listener = listener;
    this.#plan = plan;
    if (log.enabled) log('\n%s', explain(plan));
    const { socketpair, close, hold } = native();
    const opened: number[] = [...handed];
    const pair = (): [number, number] => {
      const made = socketpair();
      opened.push(...made);
      return made;
    };
    try {
      const [ours, theirs] = pair();
      const [lane, laneTheirs] = pair();
      this.#supervision = new Supervision({ plan, settlement: {}, hooks: [], calledNs: monotonicNs() });
      const ends = { ends: [], terminal: null, handed: [] };
      const sockets = [theirs, laneTheirs, ...handed];
      const stdio = { ...ends, sent: sockets, owned: sockets };
      const sent = (error: Error | undefined): void => this.#supervision.sent(error);
      this.#supervision.connect(startSupervisor(encode(plan), stdio, this.#supervision, 'new', sent));
      this.#descriptor = ours;
      this.#lane = lane;
    } catch (error) {
      for (const descriptor of opened) close(descriptor);
      throw error;
    }
    hold(this.#lane);
    this.#socket = openSocket(this.#descriptor);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      if (!this.#isLeft) this.#supervision.end('killed');
    });
    this.#socket.unref();
    this.#supervision.unref();
    this.#supervision.ended.then(
      (status) => this.#finish(undefined, status),
      (error: Error) => this.#finish(error, undefined),
    );
  }

  /** As the host numbers it; `undefined` before it serves. */
  get pid(): number | undefined {
    return this.#supervision.state.command?.pid;
  }

  /** Performs a list. One at a time. */
  perform(steps: readonly ServedStep[]): Promise<Answer> {
    // A job that goes on behind its end is not kept waiting for its time to be up.
    if (this.#over) return Promise.reject(this.#failure ?? serverLost());
    this.#number = (this.#number + 1) % NUMBERS;
    if (log.enabled) log('\n%s', explainServed(steps));
    const request = encodeRequest(this.#number, steps);
    if (asked.hasSubscribers) asked.publish({ plan: this.#plan, steps } satisfies ServedList);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#socket.ref();
      this.#supervision.ref();
      // What does not fit at once Node's own socket sends, in as many turns as it takes.
      const fits = request.length <= AT_ONCE && native().trySend(this.#descriptor, request, []) === undefined;
      if (!fits) this.#socket.write(request);
    });
  }

  /** The descriptors that a list has handed over. */
  take(): readonly number[] {
    return (this.#over ? undefined : native().tryReceive(this.#lane, Buffer.alloc(4))) ?? [];
  }

  /** Sends it a descriptor, which a list can take over. */
  send(descriptor: number): void {
    // Its lane is closed then, and the number may be somebody else's.
    if (this.#over) throw this.#failure ?? serverLost();
    const refused = native().trySend(this.#lane, Buffer.alloc(4), [descriptor]);
    if (refused !== undefined) throw descriptorNotSent(refused);
  }

  /** Nobody asks it any more: it does what it has to do in the end. Until it is gone it holds Node. */
  leave(): void {
    this.#isLeft = true;
    this.#supervision.ref();
    this.#socket.destroy();
  }

  /** Ends it, whatever it does. Until it is gone it holds Node. */
  end(): void {
    this.#isEnding = true;
    this.#supervision.ref();
    this.#supervision.end('killed');
  }

  /** Tells when its process is gone, which may be long after its end: the socket closes with it. Holds Node not. */
  whenGone(tell: () => void): void {
    if (this.#socket.destroyed) tell();
    else this.#socket.once('close', tell);
  }

  #read(bytes: Buffer): void {
    // What comes so late nobody waits for.
    if (this.#isEnding) return;
    this.#rest.push(bytes);
    this.#came += bytes.length;
    try {
      this.#length ??= answerLength(this.#rest.length === 1 ? bytes : Buffer.concat(this.#rest));
      if (this.#length === undefined || this.#came < this.#length) return;
      const whole = this.#rest.length === 1 ? bytes : Buffer.concat(this.#rest);
      const pending = this.#pending;
      const answer = readAnswer(whole);
      if (pending === undefined || whole.length !== answer.size || answer.number !== this.#number)
        throw new RangeError('a server has answered what nobody has asked');
      this.#rest = [];
      this.#came = 0;
      this.#length = undefined;
      this.#settle();
      pending.resolve(answer);
    } catch (error) {
      this.#failure = protocolBroken(error as Error);
      this.end();
    }
  }

  #settle(): void {
    this.#pending = undefined;
    this.#socket.unref();
    this.#supervision.unref();
  }

  #finish(error: Error | undefined, status: ExitStatus | undefined): void {
    const pending = this.#pending;
    this.#over = true;
    this.#settle();
    if (status === undefined || !wasGuessed(status)) this.#socket.destroy();
    native().closeHeld(this.#lane);
    pending?.reject(this.#failure ?? error ?? serverLost());
    this.#listener.over(this);
  }
}

/** Nobody has seen its process end. */
function wasGuessed({ degraded }: ExitStatus): boolean {
  return degraded.includes(endDegraded.guessed) || degraded.includes(endDegraded.somebody);
}
