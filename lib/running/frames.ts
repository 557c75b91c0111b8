/** The plan of a command, with the frame of its container's last one where that is the same. */

import type { Command } from '../compile/command.js';
import { compileFrame, completeFor, type FrameInput } from '../compile/container.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { Memo } from '../plan/memo.js';
import type { Plan } from '../plan/plan.js';

/** Commands of one container differ in little. */
const frames = new Memo(compileFrame);

/** The same plan as `compile` makes. */
export function planWithKeptFrame(
  definition: ContainerDefinition,
  command: Command,
  situation: Omit<FrameInput, 'command'>,
): Plan {
  const frame = frames.get(definition, { ...situation, command: command.framed });
  return completeFor(frame, definition, command, situation.host);
}
