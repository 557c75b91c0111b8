/**
 * What is kept of a container's commands between two starts. Each value follows from its key alone, so what is kept is
 * what would be made anew. It goes with the definition.
 */

import type { Command } from '../compile/command.js';
import { type CompiledFrame, compileFrame, completeFor, type FrameInput } from '../compile/container.js';
import { planMember } from '../compile/pooled.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { StdioChoice } from '../launch/stdio.js';
import { copyPlain, isSame, Memo } from '../plan/memo.js';
import type { Plan } from '../plan/plan.js';
import { type Asked, type CheckedCommand, checkCommand } from './command.js';

/** Of one definition. A program that starts more of them in turn has each checked and compiled anew. */
const COMMANDS_MOST = 8;
/** Characters of a command and its options: what is longer is not kept. */
const TEXT_MOST = 1024 * 1024;
/** Commands of one container differ in little, and hardly in what a frame depends on. */
const FRAMES_MOST = 4;

/** What a plan follows from, beside the command. */
export type Situation = Omit<FrameInput, 'command'>;

const frames = new Memo(compileFrame, { most: FRAMES_MOST });

/** The same plan as `compile` makes. */
export function compileWithFrame(definition: ContainerDefinition, command: Command, situation: Situation): Plan {
  return completeFor(frames.get(definition, { ...situation, command: command.framed }), command.invocation);
}

const members = new Memo((compiled: CompiledFrame, _how: 'first part') => planMember(compiled));

/** The first part of the plans of a pool's commands; `undefined` where nothing of it can be performed before. */
export function memberWithFrame(
  definition: ContainerDefinition,
  { framed }: Command,
  situation: Situation,
): Plan | undefined {
  return members.get(frames.get(definition, { ...situation, command: framed }), 'first part');
}

/** A command, checked, and the plan that it had last. */
export class KnownCommand implements CheckedCommand {
  readonly command: Command;
  readonly stdio: readonly StdioChoice[];
  readonly #definition: ContainerDefinition;
  #last: { readonly situation: Situation; readonly plan: Plan } | undefined;

  constructor(definition: ContainerDefinition, { command, stdio }: CheckedCommand) {
    this.#definition = definition;
    this.command = command;
    this.stdio = stdio;
  }

  /** The same value, as long as the situation is the same. */
  planIn(situation: Situation): Plan {
    if (this.#last === undefined || !isSame(this.#last.situation, situation))
      this.#last = { situation, plan: compileWithFrame(this.#definition, this.command, situation) };
    return this.#last.plan;
  }
}

/** A command with streams among its descriptors is checked each time: what they are changes. */
const commands = new Memo(
  (definition: ContainerDefinition, asked: Asked) => new KnownCommand(definition, checkCommand(asked)),
  { most: COMMANDS_MOST, copy: (asked) => copyPlain(asked, TEXT_MOST) },
);

/** The command, checked. The same value where the same is asked for again. */
export function knownCommand(definition: ContainerDefinition, asked: Asked): KnownCommand {
  return commands.get(definition, asked);
}
