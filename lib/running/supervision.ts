/**
 * A plan that is performed, as its supervisor tells of it. What has become of the container is one state, which follows
 * from the notices alone. A supervision knows nothing of its caller. It reaches the supervisor by a line that it is
 * given, and may be given anew.
 */

import type { NamespaceHandle } from '../definition/namespaces.js';
import { protocolBroken, supervisorLost } from '../errors/errors.js';
import { monotonicNs } from '../launch/clock.js';
import type { Line, LineListener, UnaddressedOrder } from '../launch/line.js';
import { namespacesOf } from '../launch/namespaces.js';
import { native } from '../launch/native.js';
import { type Settlement, settled } from '../plan/compose.js';
import type { Namespace } from '../plan/constants.js';
import { explain } from '../plan/explain.js';
import type { MessageOf } from '../plan/messages.js';
import { hasTerminal, type Plan } from '../plan/plan.js';
import { readTimes } from '../plan/times.js';
import type { TimedAct } from '../plan/timing.js';
import { type Hook, runHooks } from './hooks.js';
import { failureOf } from './refusal.js';
import { type ExitStatus, exitStatus, type Known, lostStatus, type Reason } from './result.js';
import { explainTimed, Timing } from './timing.js';
import { type Violation, violationOf } from './violation.js';

const SIGKILL = 9;

/** The command, once it runs. */
export interface RunningCommand {
  /** As the host numbers it. */
  readonly pid: number;
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
  /** The command runs. */
  running(): void;
  /** The kernel has killed so many processes of the container until now. */
  oom(kills: number): void;
  /** The container's filter has refused a call. */
  violation(violation: Violation): void;
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
}

export class Supervision implements LineListener {
  #plan: Plan;
  #settlement: Settlement | undefined;
  readonly #hooks: readonly Hook[];
  readonly #timing: Timing;
  readonly #calledNs: number;
  #state: SupervisionState = { phase: 'starting', command: undefined };
  /** Why carrel itself ends the container, if it does. */
  #asked: Reason | undefined;
  /** What went wrong in Node, and is the end of it then. */
  #failure: Error | undefined;
  #line: Line | undefined;
  #listener: SupervisionListener | undefined;
  /** Resolves when it is over; rejects where the container could not be made. */
  readonly ended: Promise<ExitStatus>;
  #settle!: { readonly resolve: (status: ExitStatus) => void; readonly reject: (error: Error) => void };
  readonly #started: Promise<void>;
  #tellStarted!: () => void;
  #awaited = false;
  readonly #violations: Violation[] = [];

  constructor({ plan, settlement, hooks, calledNs }: Performed) {
    this.#plan = plan;
    this.#settlement = settlement;
    this.#hooks = hooks;
    this.#timing = new Timing(calledNs);
    this.#calledNs = calledNs;
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who is told by another way need not catch this.
    this.ended.catch(() => {});
    this.#started = new Promise((resolve) => {
      this.#tellStarted = resolve;
    });
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
    if (this.#settlement !== undefined) this.#plan = settled(this.#plan, this.#settlement);
    this.#settlement = undefined;
    return this.#plan;
  }

  /** When each act began; `undefined` before the end, and where nothing was timed. */
  get timing(): readonly TimedAct[] | undefined {
    return this.#timing.acts;
  }

  /** The plan as a text; with `timed`, what was timed. */
  explain(timed: boolean): string {
    return timed ? explainTimed(this.timing) : explain(this.plan);
  }

  /** Resolves when the command runs; rejects, or resolves, when it has ended. */
  async started(): Promise<void> {
    if (this.#state.phase !== 'starting') return;
    this.#awaited = true;
    await Promise.race([this.#started, this.ended]);
  }

  /** Whether somebody has waited for the start, and so hears of its failure. */
  get isAwaited(): boolean {
    return this.#awaited;
  }

  /** Has `listener` told from now on. */
  listen(listener: SupervisionListener): void {
    this.#listener = listener;
  }

  /** Reaches the supervisor by this line from now on. */
  connect(line: Line): void {
    this.#line = line;
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
    this.#order({ kind: 'signal', signal: number });
  }

  /** Ends everything in the container, and says why, even if something else said so before. */
  end(reason: Reason): void {
    if (this.isOver) return;
    this.#asked = reason;
    this.#order({ kind: 'signal', signal: SIGKILL });
  }

  /** Gives its terminal another size. */
  resize(columns: number, rows: number): void {
    this.#order({ kind: 'resize', columns, rows });
  }

  /** Sets another limit of CPU time. */
  cpuTime(milliseconds: number): void {
    this.#order({ kind: 'cpuTime', milliseconds });
  }

  /** Lets Node wait for it. */
  ref(): void {
    this.#line?.ref();
  }

  /** Lets Node end without waiting for it. */
  unref(): void {
    this.#line?.unref();
  }

  notice(notice: Parameters<LineListener['notice']>[0], descriptors: readonly number[]): void {
    switch (notice.kind) {
      case 'barrier':
        void this.#runHooks(notice);
        return;
      case 'running':
        this.#state = { phase: 'running', command: { pid: notice.pid, namespaces: namespacesOf(notice) } };
        this.#tellStarted();
        this.#listener?.running();
        return;
      case 'oom':
        this.#listener?.oom(notice.kills);
        return;
      case 'violation':
        this.#takeViolation(violationOf(notice));
        return;
      case 'timing':
        this.#takeTimes(descriptors);
        return;
      case 'exited':
        this.#finish(this.#failure ?? exitStatus(notice, this.#asked, this.#known()));
        return;
      case 'refused':
        this.#finish(failureOf(this.plan, notice), notice.list === 'after');
        return;
      case 'rejected':
      case 'failed':
        this.#finish(failureOf(this.plan, notice));
        return;
      default:
        notice satisfies never;
    }
  }

  lineEnded(error: Error | undefined): void {
    if (this.isOver) return;
    // Nobody opens another line to a supervisor: it ends with this one.
    const untold = this.#state.phase === 'running' ? this.#lostStatus() : supervisorLost();
    this.#finish(this.#failure ?? error ?? untold, true);
  }

  async #runHooks({ pid, namespaces }: MessageOf<'barrier'>): Promise<void> {
    this.#failure ??= await runHooks(this.#hooks, { pid, namespaces: namespacesOf({ pid, namespaces }) });
    this.#order(this.#failure === undefined ? { kind: 'go' } : { kind: 'signal', signal: SIGKILL });
  }

  #takeTimes(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) {
      try {
        this.#timing.told(readTimes(native().contents(descriptor)));
      } catch (error) {
        this.#failure = protocolBroken(error as Error);
      } finally {
        native().close(descriptor);
      }
    }
  }

  #takeViolation(violation: Violation): void {
    this.#violations.push(violation);
    this.#listener?.violation(violation);
  }

  #known(): Known {
    return { degraded: this.#plan.degraded, violations: this.#violations };
  }

  #lostStatus(): ExitStatus {
    return lostStatus((monotonicNs() - this.#calledNs) / 1e6, this.#known());
  }

  #order(order: UnaddressedOrder): void {
    this.#line?.send(order);
  }

  #finish(end: ExitStatus | Error, unclean = false): void {
    this.#state = { phase: 'over', command: this.#state.command, end };
    this.#timing.over(() => this.plan);
    // Nothing follows, but for a terminal's last bytes, which the supervisor carries as long as it is listened to.
    if (end instanceof Error || !hasTerminal(this.#plan)) this.#line?.close();
    if (end instanceof Error) this.#settle.reject(end);
    else this.#settle.resolve(end);
    this.#listener?.over(end, unclean);
  }
}
