/**
 * A pool's containers before they are asked for. Each is made by the first part of the plan that its command will have,
 * and its child waits for the rest. So a use is one message, the steps that are left, and an exec.
 */

import { beginsWith } from '../../compile/pooled.js';
import { monotonicNs } from '../../launch/clock.js';
import type { StdioChoice } from '../../launch/stdio.js';
import type { Plan } from '../../plan/plan.js';
import { type Begun, beginAnew } from '../perform.js';
import type { Pooling } from '../spawn.js';

/** Milliseconds after a use until the next one is made: who follows at once finds the processors free. */
const PAUSE_MS = 3;
/** So many are made at a time. */
const AT_ONCE = 2;
/** Milliseconds until one is replaced that has ended by itself; twice as many after each that follows. */
const REPLACE_FIRST_MS = 10;
const REPLACE_MOST_MS = 10_000;

const STDIO: readonly StdioChoice[] = [{ kind: 'pipe' }, { kind: 'pipe' }, { kind: 'pipe' }];

interface Member extends Begun {
  /** What it has performed. */
  readonly plan: Plan;
}

export class Members implements Pooling {
  becomes: Pooling['becomes'] = 'commands';
  readonly #size: number;
  readonly #plan: () => Plan | undefined;
  readonly #egress: readonly string[] | undefined;
  /** Those that wait for their use, the oldest first. */
  readonly #ready = new Set<Member>();
  readonly #making = new Set<Member>();
  /** Callers who wait for one that is being made. */
  readonly #callers: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** How many have ended by themselves since the last use. */
  #lost = 0;
  /** One could not be made: the next use tells why, and whether that is still so. */
  #isHalted = false;
  #isOver = false;

  /**
   * @param size How many are kept ready.
   * @param plan What one of them performs by now; `undefined` where none can be made.
   * @param egress What they may reach outside.
   */
  constructor(size: number, plan: () => Plan | undefined, egress: readonly string[] | undefined) {
    this.#size = size;
    this.#plan = plan;
    this.#egress = egress;
  }

  /** How many are ready. */
  get ready(): number {
    return this.#ready.size;
  }

  take(plan: Plan, choices: readonly StdioChoice[]): Begun | undefined {
    if (!isPlain(choices)) return undefined;
    for (const member of this.#ready) {
      // Of one that somebody has just killed Node may not have heard.
      if (!member.supervision.isReached || !beginsWith(plan, member.plan)) continue;
      this.#ready.delete(member);
      return member;
    }
    return undefined;
  }

  /** Those that are not like it any more are replaced too. */
  expect(): void {
    this.#fillAfter(PAUSE_MS);
  }

  /** A use has begun: containers can be made. */
  worked(): void {
    this.#isHalted = false;
    this.#lost = 0;
    this.#fillAfter(PAUSE_MS);
  }

  /** Makes as many as are lacking, some at a time. */
  fill(): void {
    if (this.#isOver || this.#isHalted) return;
    try {
      const plan = this.#plan();
      for (const member of this.#ready) if (plan === undefined || !isLike(member.plan, plan)) this.#end(member);
      while (plan !== undefined && this.#making.size < AT_ONCE && this.#count < this.#size) this.#make(plan);
    } catch {
      this.#halt();
    }
  }

  /** Waits for one that is being made, where none is ready, and it is no other caller's. */
  async soon(): Promise<void> {
    if (this.#ready.size > 0 || this.#making.size <= this.#callers.length) return;
    // Who waits holds Node.
    for (const { supervision } of this.#making) supervision.ref();
    await new Promise<void>((resolve) => this.#callers.push(resolve));
  }

  /** Ends them all, and makes no more. Resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const all = [...this.#ready, ...this.#making];
    for (const member of all) this.#end(member);
    this.#callOn();
    await Promise.all(all.map(({ supervision }) => supervision.ended.catch(() => {})));
  }

  get #count(): number {
    return this.#ready.size + this.#making.size;
  }

  #make(plan: Plan): void {
    const egress = this.#egress;
    const begun = beginAnew(plan, { stdio: STDIO, hooks: [], calledNs: monotonicNs(), collects: true, egress });
    const member: Member = { ...begun, plan };
    this.#making.add(member);
    begun.supervision.listen({
      awaits: () => this.#isMade(member),
      running: () => {},
      oom: () => {},
      violation: () => {},
      connection: () => {},
      over: () => this.#isGone(member),
    });
    if (this.#callers.length === 0) begun.supervision.unref();
  }

  #isMade(member: Member): void {
    // It is being ended.
    if (!this.#making.delete(member)) return;
    this.#ready.add(member);
    member.supervision.unref();
    this.#callers.shift()?.();
    this.fill();
  }

  /** It could not be made, or somebody has ended it. */
  #isGone(member: Member): void {
    member.supervision.letGo();
    for (const end of member.stdio.ends) end?.destroy();
    if (this.#making.delete(member)) {
      this.#halt();
      return;
    }
    if (!this.#ready.delete(member)) return;
    this.#lost += 1;
    this.#fillAfter(Math.min(REPLACE_FIRST_MS * 2 ** (this.#lost - 1), REPLACE_MOST_MS));
  }

  /** Until it is gone it holds Node. */
  #end(member: Member): void {
    this.#ready.delete(member);
    this.#making.delete(member);
    member.supervision.ref();
    member.supervision.end('killed');
  }

  #halt(): void {
    this.#isHalted = true;
    this.#callOn();
  }

  /** Callers who wait for nothing go on. */
  #callOn(): void {
    while (this.#callers.length > (this.#isOver ? 0 : this.#making.size)) this.#callers.shift()?.();
  }

  #fillAfter(milliseconds: number): void {
    if (this.#isOver || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.fill();
    }, milliseconds).unref();
  }
}

/** Whether the descriptors are those that a member has. */
function isPlain(choices: readonly StdioChoice[]): boolean {
  return (
    choices.length === STDIO.length &&
    choices.every((choice) => choice.kind === 'pipe' && choice.from === undefined && choice.into === undefined)
  );
}

/** Whether who has performed the one has performed the other. */
function isLike(one: Plan, other: Plan): boolean {
  return one === other || (beginsWith(one, other) && one.steps.length === other.steps.length);
}
