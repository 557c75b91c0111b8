/**
 * A plan that is performed, as its supervisor tells of it. What has become of the container is one state, which follows
 * from the notices alone. A supervision knows nothing of its caller. It reaches the supervisor by a line that it is
 * given, and may be given anew.
 */

import { statSync } from 'node:fs';
import type { NamespaceHandle } from '../definition/namespaces.js';
import { givenLost, hasEnded, supervisorLost } from '../errors/errors.js';
import { monotonicNs } from '../launch/clock.js';
import type { Line, LineListener, UnaddressedOrder } from '../launch/line.js';
import { namespacesOf } from '../launch/namespaces.js';
import { native } from '../launch/native.js';
import { type Settlement, settled } from '../plan/compose.js';
import type { Namespace } from '../plan/constants.js';
import type { MessageOf } from '../plan/messages.js';
import { givenBy, hasTerminal, isHeld, type Plan } from '../plan/plan.js';
import type { TimedAct } from '../plan/timing.js';
import { type Around, Asking } from './around.js';
import type { Connection } from './egress/connection.js';
import { type Hook, runHooks } from './hooks.js';
import { Outside } from './outside.js';
import { failureOf } from './refusal.js';
import { withResolvers } from './resolvers.js';
import { type ExitStatus, exitStatus, type Known, lostStatus, type Reason } from './result.js';
import { Timing } from './timing.js';
import { type Violation, violationOf } from './violation.js';

const SIGKILL = 9;

/** A descriptor that has come from a container, and the number of what it is: the descriptor may soon be another's. */
export interface GivenDescriptor {
  readonly descriptor: number;
  readonly inode: number;
}

/** The command, once it runs. */
export interface RunningCommand {
  /** As the host numbers it. */
  readonly pid: number;
  /** PID 1 of its container, likewise. */
  readonly first: number;
  /** What the plan gives Node, in its order: the supervision's, which closes it at the end. */
  readonly given: readonly GivenDescriptor[];
  readonly namespaces: Readonly<Record<Namespace, NamespaceHandle>>;
}

/** What has become of a container. */
export type SupervisionState =
  | { readonly phase: 'starting'; readonly command: undefined }
  | { readonly phase: 'running'; readonly command: RunningCommand }
  | { readonly phase: 'over'; readonly command: RunningCommand | undefined; readonly end: ExitStatus | Error };

/**
 * Who is told of a supervision: last, when all has been noted, so that what a listener throws keeps nothing from being
 * done.
 */
export interface SupervisionListener {
  /** The child has performed the first part of its plan, and waits for the whole one. */
  awaits?(): void;
  /** The command runs. */
  running(): void;
  /** The kernel has killed so many processes of the container until now. */
  oom(kills: number): void;
  /** The container's filter has refused a call. */
  violation(violation: Violation): void;
  /** A container's attempt to reach something outside. */
  connection(connection: Connection): void;
  /** All of the container is gone. `unclean`: its supervisor was killed, or something refused it to clean up. */
  over(end: ExitStatus | Error, unclean: boolean): void;
}

/** What is performed. */
export interface Performed {
  readonly plan: Plan;
  /** What is settled when it is performed: which range of ids of the host it has instead of its own. */
  readonly settlement: Settlement;
  readonly hooks: readonly Hook[];
  /** When the caller asked for it, on the monotonic clock. */
  readonly calledNs: number;
  /** The container that it enters. */
  readonly within?: Around | undefined;
  /** What it may reach outside. */
  readonly egress?: readonly string[] | undefined;
  /** Descriptors that are held until {@link Supervision.letGo}, with what the container gives. Default: its end. */
  readonly held?: readonly number[] | undefined;
}

/** A plan that is settled when somebody looks at it. */
class SettledPlan {
  readonly unsettled: Plan;
  readonly #settlement: Settlement;
  #settled: Plan | undefined;

  constructor(plan: Plan, settlement: Settlement) {
    this.unsettled = plan;
    this.#settlement = settlement;
  }

  get settled(): Plan {
    this.#settled ??= settled(this.unsettled, this.#settlement);
    return this.#settled;
  }
}

/** How a plan goes on. */
interface Following extends Pick<Performed, 'calledNs'> {
  readonly collects?: true | undefined;
}

export class Supervision implements LineListener {
  #plan: SettledPlan;
  /** What of its plans is settled. */
  readonly settlement: Settlement;
  #asker: Omit<Performed, 'plan' | 'settlement'>;
  readonly #timing: Timing;
  #state: SupervisionState = { phase: 'starting', command: undefined };
  /** Why carrel itself ends the container, if it does. */
  #asked: Reason | undefined;
  /** What went wrong in Node, and is the end of it then. */
  #failure: Error | undefined;
  #line: Line | undefined;
  #listener: SupervisionListener | undefined;
  /** Resolves when it is over; rejects where the container could not be made. */
  readonly ended: Promise<ExitStatus>;
  readonly #end = withResolvers<ExitStatus>();
  readonly #start = withResolvers<void>();
  #awaited = false;
  readonly #violations: Violation[] = [];
  readonly outside: Outside;
  readonly #asking = new Asking();
  /** The end is known, but not yet why. */
  #isLast = false;

  constructor({ plan, settlement, ...asker }: Performed) {
    this.#plan = new SettledPlan(plan, settlement);
    this.settlement = settlement;
    this.#asker = asker;
    this.#timing = new Timing(asker.calledNs);
    this.outside = new Outside(asker.egress, (connection) => this.#listener?.connection(connection));
    this.ended = this.#end.promise;
    // Who is told by another way need not catch this.
    this.ended.catch(() => {});
  }

  /** What has become of the container. */
  get state(): SupervisionState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state.phase === 'over';
  }

  /** How it ended; `undefined` where it has not, or could not be made. */
  get status(): ExitStatus | undefined {
    const state = this.#state;
    return state.phase !== 'over' || state.end instanceof Error ? undefined : state.end;
  }

  /** The plan that is performed. */
  get plan(): Plan {
    return this.#plan.settled;
  }

  /** When each act began; `undefined` before the end, and where nothing was timed. */
  get timing(): readonly TimedAct[] | undefined {
    return this.#timing.acts;
  }

  /** Resolves when the command runs; rejects, or resolves, when it has ended. */
  async started(): Promise<void> {
    if (this.#state.phase !== 'starting') return;
    this.#awaited = true;
    await Promise.race([this.#start.promise, this.ended]);
  }

  /** Whether somebody has waited for the start, and so hears of its failure. */
  get isAwaited(): boolean {
    return this.#awaited;
  }

  /** Has `listener` told from now on. */
  listen(listener: SupervisionListener): void {
    this.#listener = listener;
  }

  /** Sends its supervisor an order; nothing where that is gone. */
  order(order: UnaddressedOrder, descriptors?: readonly number[]): void {
    this.#line?.send(order, descriptors);
  }

  /** Reaches the supervisor by this line from now on. */
  connect(line: Line): void {
    this.#line = line;
  }

  /**
   * The child goes on with `plan`, of which it has performed the first part. Takes over `descriptor`, which has it.
   * Unless it `collects`, nothing is held until {@link letGo}.
   */
  follow(plan: Plan, descriptor: number, { calledNs, collects }: Following): void {
    this.#plan = new SettledPlan(plan, this.settlement);
    if (collects !== true) this.letGo();
    this.#asker = { ...this.#asker, calledNs, held: collects === true ? this.#asker.held : undefined };
    this.order({ kind: 'plan' }, [descriptor]);
    this.ref();
  }

  /** The start was sent to the launcher, or could not be: the line ends then. */
  sent(error: Error | undefined): void {
    this.#timing.sent();
    // Told by the same way as every other failure: after the caller has had a turn to listen.
    this.#failure = error;
  }

  /** Sends the command a signal. `reason`: why it ends, if it does, and nobody has said so before. */
  signal(number: number, reason: Reason): void {
    this.#asked ??= reason;
    this.order({ kind: 'signal', signal: number });
  }

  /** Ends everything in the container, and says why, even if something else said so before. */
  end(reason: Reason): void {
    if (this.isOver) return;
    this.#asked = reason;
    this.order({ kind: 'signal', signal: SIGKILL });
  }

  /** Whether it has ended, or ends: then it has ended when this is told. */
  async ends(): Promise<boolean> {
    return !(await this.#asking.goesOn(this.ended, (question) => this.order({ kind: 'ask', question })));
  }

  /** Sets how many milliseconds it may live from now on; 0 is without end. Gives whether it had not ended before. */
  async setTimeout(milliseconds: number): Promise<boolean> {
    return this.#asking.goesOn(this.ended, (question) => this.order({ kind: 'timeout', milliseconds, question }));
  }

  /** Whether its supervisor takes orders still, as far as can be seen. */
  get isReached(): boolean {
    return !this.isOver && this.#line?.isOver === false;
  }

  /** Lets Node wait for it. */
  ref(): void {
    this.#line?.ref();
  }

  /** Lets Node end without waiting for it. */
  unref(): void {
    this.#line?.unref();
  }

  /** Closes what the container has given, once: nothing of it can be reached any more. */
  letGo(): void {
    for (const descriptor of openedBy(this.#state.command, this.#asker)) native().closeHeld(descriptor);
  }

  notice(notice: Parameters<LineListener['notice']>[0], descriptors: readonly number[]): void {
    switch (notice.kind) {
      case 'barrier':
        void this.#runHooks(notice);
        return;
      case 'awaits':
        this.#listener?.awaits?.();
        return;
      case 'running':
        this.#takeRunning(notice, descriptors);
        return;
      case 'oom':
        this.#listener?.oom(notice.kills);
        return;
      case 'violation':
        this.#violations.push(violationOf(notice));
        this.#listener?.violation(this.#violations.at(-1) as Violation);
        return;
      case 'timing':
        this.#failure ??= this.#timing.told(descriptors);
        return;
      case 'exited':
        this.#exited(notice);
        return;
      case 'refused':
        this.#refused(notice);
        return;
      case 'rejected':
      case 'failed':
        this.#finish(failureOf(this.plan, notice));
        return;
      case 'stays':
        this.#asking.stays(notice.question);
        return;
      default:
        notice satisfies never;
    }
  }

  lineEnded(error: Error | undefined): void {
    if (this.isOver || this.#isLast) return;
    // Nobody opens another line to a supervisor: it ends with this one.
    const wallMs = (monotonicNs() - this.#asker.calledNs) / 1e6;
    const untold = this.#state.command === undefined ? supervisorLost() : lostStatus(wallMs, this.#known());
    this.#finish(this.#failure ?? error ?? untold, true);
  }

  #takeRunning(notice: MessageOf<'running'>, descriptors: readonly number[]): void {
    this.#state = { phase: 'running', command: commandOf(notice, descriptors) };
    // This process may open no more.
    if (descriptors.length < givenBy(this.#plan.unsettled)) {
      this.#failure = givenLost();
      this.end('killed');
      return;
    }
    this.outside.begin(this.#plan.unsettled, this.#state.command?.given ?? []);
    this.#start.resolve();
    this.#listener?.running();
  }

  #exited(notice: MessageOf<'exited'>): void {
    const isUntold = this.#asked === undefined && notice.ending === 'none' && notice.waitStatus === SIGKILL;
    const finish = (): void => this.#finish(this.#failure ?? exitStatus(notice, this.#asked, this.#known()));
    // The container that it has entered may tell why SIGKILL came.
    if (isUntold && this.#asker.within !== undefined) this.#askAround(finish);
    else this.#isLast = this.outside.carry(finish);
  }

  /** Who enters a container that ends is refused this or that. */
  #refused(notice: MessageOf<'refused'>): void {
    this.#askAround(() => {
      const error = this.#asked === 'container-ended' ? hasEnded('the command') : failureOf(this.plan, notice);
      this.#finish(error, notice.list === 'after');
    });
  }

  #askAround(then: () => void): void {
    const { within } = this.#asker;
    if (within === undefined) {
      then();
      return;
    }
    this.#isLast = true;
    void within.ends().then((ends) => {
      if (ends) this.#asked = 'container-ended';
      // What a listener throws is the caller's uncaught exception, and no rejection of this promise.
      queueMicrotask(then);
    });
  }

  async #runHooks({ pid, namespaces }: MessageOf<'barrier'>): Promise<void> {
    this.#failure ??= await runHooks(this.#asker.hooks, { pid, namespaces: namespacesOf({ pid, namespaces }) });
    this.order(this.#failure === undefined ? { kind: 'go' } : { kind: 'signal', signal: SIGKILL });
  }

  #known(): Known {
    const { connections } = this.outside;
    const plan = this.#plan.unsettled;
    return { degraded: plan.degraded, violations: this.#violations, connections, holds: isHeld(plan) };
  }

  #finish(end: ExitStatus | Error, unclean = false): void {
    this.outside.end();
    if (this.#asker.held === undefined) this.letGo();
    this.#state = { phase: 'over', command: this.#state.command, end };
    this.#timing.over(() => this.plan);
    // Nothing follows, but for a terminal's last bytes, which the supervisor carries as long as it is listened to.
    if (end instanceof Error || !hasTerminal(this.#plan.unsettled)) this.#line?.close();
    if (end instanceof Error) this.#end.reject(end);
    else this.#end.resolve(end);
    this.#listener?.over(end, unclean);
  }
}

function commandOf(notice: MessageOf<'running'>, descriptors: readonly number[]): RunningCommand {
  const { pid, first } = notice;
  // A thread that is terminated lets go of nothing by itself.
  for (const descriptor of descriptors) native().hold(descriptor);
  // Deno’s fstatSync knows none but its own.
  const inodeOf = (descriptor: number): number => statSync(`/proc/self/fd/${descriptor}`).ino;
  const given = descriptors.map((descriptor) => ({ descriptor, inode: inodeOf(descriptor) }));
  return { pid, first, given, namespaces: namespacesOf(notice) };
}

/** The descriptors that a supervision has. */
function openedBy(command: RunningCommand | undefined, { held = [] }: Pick<Performed, 'held'>): readonly number[] {
  return [...(command?.given ?? []).map(({ descriptor }) => descriptor), ...held];
}
