/** Arguments → what to run, by the table of options. */

import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';
import { Container } from '../container.js';
import { unknownOption, usageError } from '../errors/errors.js';
import type { SpawnOptions } from '../running/command.js';
import { type Draft, definitionOf, emptyDraft } from './draft.js';
import { OPTIONS } from './options.js';

/** What the arguments say. */
export interface Invocation {
  readonly container: Container;
  readonly file: string | undefined;
  readonly args: readonly string[];
  /** With the caller's own descriptors, or a terminal. */
  readonly options: SpawnOptions;
  readonly interactive: boolean;
  readonly terminal: boolean;
  readonly help: boolean;
}

/** The options end at the first argument that is none. That is the command, and what follows is its own. */
export function parse(subcommand: string, args: readonly string[]): Invocation {
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        OPTIONS.map(({ name, short, value }) => [
          name,
          {
            type: value === undefined ? 'boolean' : 'string',
            multiple: true,
            ...(short === undefined ? {} : { short }),
          },
        ]),
      ),
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const draft = emptyDraft();
  let help = false;
  let command: readonly string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') {
      command = args.slice(token.kind === 'positional' ? token.index : token.index + 1);
      break;
    }
    if (token.name === 'help') help = true;
    else applyOption(subcommand, draft, token);
  }
  const [file, ...rest] = command;
  const { interactive, terminal, timeout, killSignal } = draft;
  const options = {
    ...(timeout === undefined ? {} : { timeout }),
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(terminal ? { terminal: true } : { stdio: [interactive ? own(0) : 'ignore', own(1), own(2)] as const }),
  };
  return { container: new Container(definitionOf(draft)), file, args: rest, options, interactive, terminal, help };
}

/** The command gets files and pipes as they are. A terminal of the caller's never enters a container: a pipe does. */
function own(descriptor: number): 'pipe' | number {
  return isatty(descriptor) ? 'pipe' : descriptor;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function applyOption(subcommand: string, draft: Draft, { name, rawName, value }: OptionToken): void {
  const option = OPTIONS.find((known) => known.name === name);
  if (option === undefined) {
    const known = OPTIONS.map((one) => `--${one.name}`);
    // One letter is like any other.
    throw rawName.startsWith('--')
      ? unknownOption(`carrel ${subcommand}`, rawName, known)
      : usageError(`carrel ${subcommand} has no option ${rawName}: see carrel ${subcommand} --help`);
  }
  if (option.value === undefined && value !== undefined) throw usageError(`${rawName} takes no value`);
  if (option.value !== undefined && value === undefined) throw usageError(`${rawName} takes ${option.value}`);
  try {
    option.apply(draft, value ?? '');
  } catch (error) {
    throw usageError(`${rawName}: ${(error as Error).message}`);
  }
}
