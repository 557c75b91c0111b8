/**
 * A command of a container that stays, ahead of its call. Most of what a command does on its way into a container is
 * the same for the next one: it is done while nobody waits, and the child waits for the rest of its plan. The launcher
 * does the like for new containers, by its spare.
 */

import { planAhead } from '../compile/ahead.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { monotonicNs } from '../launch/clock.js';
import { makesSpares } from '../launch/launcher.js';
import { startSupervisor } from '../launch/start.js';
import { closeStdio, openStdio, type Stdio, type StdioChoice } from '../launch/stdio.js';
import { encode } from '../plan/encode.js';
import { type Frame, split } from '../plan/frame.js';
import { Memo } from '../plan/memo.js';
import type { Plan } from '../plan/plan.js';
import type { Around } from './around.js';
import type { Beginning, Begun } from './perform.js';
import { Supervision } from './supervision.js';

/** Milliseconds after the start of a command: what follows at once finds the processors free. */
const PAUSE_MS = 3;
/** Milliseconds after which nobody is in a hurry. */
const UNWANTED_MS = 2000;

const plans = new Memo((frame: Frame, seccomp: ContainerDefinition['seccomp']) => planAhead(frame, seccomp));

interface Waiting extends Begun {
  /** Of the plans that it can go on with. */
  readonly frame: Frame;
  /** It has come to where it waits. */
  isReady: boolean;
}

/** One container's: it has one child that waits, for a command like the last one. */
export class Ahead implements Beginning {
  readonly #seccomp: ContainerDefinition['seccomp'];
  readonly #within: Around;
  #waiting: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param within The container, which its child enters. */
  constructor({ seccomp }: ContainerDefinition, within: Around) {
    this.#seccomp = seccomp;
    this.#within = within;
  }

  /** The child that goes on with `plan`; `undefined` where none waits for such a plan. It is the caller's. */
  take(plan: Plan, choices: readonly StdioChoice[]): Begun | undefined {
    const waiting = this.#waiting;
    if (!waiting?.isReady || waiting.frame !== split(plan).frame || !choices.every(isPlain)) return undefined;
    this.#waiting = undefined;
    return waiting;
  }

  /**
   * A command was started: one like it may follow. Where none like it is begun, who waits is of no use, and would count
   * as a process of the command's user, which may have a limit of those. Nothing with `CARREL_NO_AHEAD`, for who counts
   * processes.
   */
  expect(plan: Plan, choices: readonly StdioChoice[]): void {
    clearTimeout(this.#timer);
    const { frame } = split(plan);
    const first = this.#begins(choices) ? plans.get(frame, this.#seccomp) : undefined;
    if (first === undefined) {
      void this.#drop();
      return;
    }
    this.#timer = setTimeout(() => this.#make(frame, first, choices), PAUSE_MS).unref();
  }

  /** Ends who waits. Resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#drop();
  }

  #begins(choices: readonly StdioChoice[]): boolean {
    return !this.#isOver && makesSpares() && process.env.CARREL_NO_AHEAD === undefined && choices.every(isPlain);
  }

  #make(frame: Frame, plan: Plan, choices: readonly StdioChoice[]): void {
    this.#timer = setTimeout(() => void this.#drop(), UNWANTED_MS).unref();
    if (this.#waiting?.frame === frame) return;
    void this.#drop();
    let stdio: Stdio | undefined;
    try {
      stdio = openStdio(choices);
      this.#waiting = this.#start(frame, plan, stdio);
    } catch {
      // The next command is started without, and told what is lacking.
      if (stdio !== undefined) closeStdio(stdio);
    }
  }

  #start(frame: Frame, plan: Plan, stdio: Stdio): Waiting {
    const settlement = {};
    const asked = { plan, settlement, hooks: [], calledNs: monotonicNs(), within: this.#within };
    const supervision = new Supervision(asked);
    const waiting: Waiting = { frame, supervision, stdio, isReady: false };
    supervision.listen({
      awaits: () => {
        waiting.isReady = true;
      },
      running: () => {},
      oom: () => {},
      violation: () => {},
      connection: () => {},
      // What was refused to it is refused to the next command too, which then tells.
      over: () => this.#forget(waiting),
    });
    const sent = (error: Error | undefined): void => supervision.sent(error);
    supervision.connect(startSupervisor(encode(plan), stdio, supervision, 'new', sent));
    supervision.unref();
    return waiting;
  }

  async #drop(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    // Until it is gone it holds Node.
    waiting.supervision.ref();
    waiting.supervision.end('killed');
    await waiting.supervision.ended.catch(() => {});
  }

  #forget(waiting: Waiting): void {
    if (this.#waiting === waiting) this.#waiting = undefined;
    for (const end of waiting.stdio.ends) end?.destroy();
  }
}

/** Whether it can be made before somebody asks for it. */
function isPlain(choice: StdioChoice): boolean {
  if (choice.kind === 'pipe') return choice.from === undefined && choice.into === undefined;
  return choice.kind === 'socket' || choice.kind === 'ignore';
}
