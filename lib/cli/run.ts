/**
 * `carrel run`: starts the command, joins it with this process's descriptors, signals and terminal, and ends as it
 * does.
 */

import { constants } from 'node:os';
import { StepError, usageError } from '../errors/errors.js';
import type { ContainerProcess } from '../running/process.js';
import type { ExitStatus } from '../running/result.js';
import type { Invocation } from './arguments.js';
import { refusalLines } from './refusals.js';

/** The signals of Ctrl-C and of other programs: the command is in a session of its own, and gets them from here. */
const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Gives the status to end with. Throws what kept the command from running. */
export async function run(invocation: Invocation): Promise<number> {
  const { container, file, args, options, interactive, terminal } = invocation;
  if (file === undefined) throw usageError('carrel run needs a command, as in: carrel run -it sh');
  if (terminal && interactive && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw usageError('-it joins two terminals, and standard input or output is none: leave out -t, or -i');
  }
  const child = container.spawn(file, args, options);
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    const status = await (terminal && interactive ? child.attach() : joined(child, interactive));
    for (const line of refusalLines(status)) process.stderr.write(`${line}\n`);
    return statusOf(status);
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
    // Otherwise nothing has read it: to make a stream of it takes Node a tenth of the time of an empty program.
    if (interactive) process.stdin.destroy();
  }
}

/** The status for what kept the command from running, as shells have it. */
export function statusOfError(error: unknown): number {
  if (!(error instanceof StepError) || error.step?.op !== 'exec') return 125;
  return error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 127 : 126;
}

async function joined(child: ContainerProcess, interactive: boolean): Promise<ExitStatus> {
  if (interactive && child.stdin !== null) {
    // The command may end, or close its input, before it has read everything.
    child.stdin.on('error', () => {});
    process.stdin.pipe(child.stdin);
  }
  const drained = (['stdout', 'stderr'] as const).map(async (name) => {
    const { [name]: from } = child;
    if (from === null) return;
    const { [name]: to } = process;
    for await (const bytes of from) to.write(bytes);
  });
  const status = await child.result;
  await Promise.all(drained);
  return status;
}

function statusOf({ exitCode, signal, reason }: ExitStatus): number {
  if (reason === 'timeout' || reason === 'cpu-timeout') return 124;
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
