/**
 * What is kept of a container's commands between two starts. Each value follows from its key alone, so what is kept is
 * what would be made anew. It goes with the definition.
 */

import type { Command } from '../compile/command.js';
import { compileFrame, completeFor, type FrameInput } from '../compile/container.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { copyPlain, Memo } from '../plan/memo.js';
import type { Plan } from '../plan/plan.js';
import { type Asked, type CheckedCommand, checkCommand } from './command.js';

/** Of one definition. A program that starts more of them in turn has each checked and compiled anew. */
const COMMANDS_MOST = 8;
/** Characters of a command and its options: what is longer is not kept. */
const TEXT_MOST = 1024 * 1024;
/** Commands of one container differ in little, and hardly in what a frame depends on. */
const FRAMES_MOST = 4;

/** A command with streams among its descriptors is checked each time: what they are changes. */
const commands = new Memo((_: ContainerDefinition, asked: Asked) => checkCommand(asked), {
  most: COMMANDS_MOST,
  copy: (asked) => copyPlain(asked, TEXT_MOST),
});

/** The command, checked. The same value where the same is asked for again. */
export function checkKept(definition: ContainerDefinition, asked: Asked): CheckedCommand {
  return commands.get(definition, asked);
}

/** What a plan follows from, beside the command. */
type Situation = Omit<FrameInput, 'command'>;

const frames = new Memo(compileFrame, { most: FRAMES_MOST });

const plans = new Memo(
  (command: Command, { definition, situation }: { definition: ContainerDefinition; situation: Situation }): Plan => {
    const frame = frames.get(definition, { ...situation, command: command.framed });
    return completeFor(frame, definition, command, situation.host);
  },
);

/** The same plan as `compile` makes. The same value for a command that is kept, in the same situation. */
export function compileKept(definition: ContainerDefinition, command: Command, situation: Situation): Plan {
  return plans.get(command, { definition, situation });
}
