/**
 * The commands of `carrel`, and what is told of their failures. In the package all this is loaded when it is called,
 * as the engine is: `carrel --version` needs none of it.
 */

import { parseArgs } from 'node:util';
import { CarrelError, unknownCommand, unknownOption, usageError } from '../errors/errors.js';
import { doctor } from '../running/engine.js';
import { parse } from './arguments.js';
import { doctorText } from './doctor.js';
import { DOCTOR, optionsHelp } from './help.js';
import { runInstall } from './install.js';
import { run, statusOfError } from './run.js';

const COMMANDS = ['run', 'explain', 'doctor', 'install-launcher'] as const;

/** Gives the status to end with, and never rejects. */
export async function perform(command: string, args: readonly string[]): Promise<number> {
  try {
    return await dispatch(command, args);
  } catch (error) {
    process.stderr.write(`carrel: ${told(error)}\n`);
    return statusOfError(error);
  }
}

async function dispatch(command: string, args: readonly string[]): Promise<number> {
  switch (command) {
    case 'run': {
      const invocation = parse(command, args);
      return invocation.help ? print(optionsHelp(command)) : run(invocation);
    }
    case 'explain': {
      const { container, file, args: rest, options, help } = parse(command, args);
      if (help) return print(optionsHelp(command));
      return print(container.explain(file ?? 'sh', rest, options));
    }
    case 'doctor':
      return runDoctor(args);
    case 'install-launcher':
      return print(runInstall(args));
    default:
      throw unknownCommand(command, COMMANDS);
  }
}

async function runDoctor(args: readonly string[]): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: { directory: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const { directory, json, help } = values;
  if (help === true) return print(DOCTOR);
  for (const token of tokens) {
    const known = ['--directory', '--json', '--help'];
    if (token.kind === 'option' && !['directory', 'json', 'help'].includes(token.name))
      throw unknownOption('carrel doctor', token.rawName, known);
  }
  if (positionals.length > 0) throw usageError(`carrel doctor takes only options, not "${positionals[0]}"`);
  if (directory === true) throw usageError('--directory takes DIR');
  const report = await doctor(typeof directory === 'string' ? { directory } : {});
  print(json === true ? `${JSON.stringify(report, undefined, 2)}\n` : doctorText(report, process.stdout.columns));
  return report.ok ? 0 : 1;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** The caller's mistake shows as a sentence; carrel's own fault shows where it came from. */
function told(error: unknown): string {
  const known = error instanceof CarrelError || (error instanceof Error && 'code' in error);
  return known ? error.message : String((error as Error)?.stack ?? error);
}
