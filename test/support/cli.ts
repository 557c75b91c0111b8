/** The command `carrel`, run as a user would. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CARREL: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../../dist/carrel.cjs', import.meta.url)),
];

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface CliOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What stands before the command. */
  readonly prefix?: readonly string[];
  /** Called with the process as soon as it has written to stdout. */
  readonly onOutput?: (child: ChildProcess) => void;
}

export function carrel(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const [command = '', ...rest] = [...(options.prefix ?? []), ...CARREL, ...args];
  return collect(spawn(command, rest, { env: options.env ?? process.env }), options);
}

/** The same at a terminal of its own, which script(1) makes. */
export function carrelAtTerminal(args: readonly string[]): Promise<CliResult> {
  const quoted = [...CARREL, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', quoted, '/dev/null']);
  return collect(child, {});
}

function collect(child: ChildProcess, { input, onOutput }: CliOptions): Promise<CliResult> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stdout?.once('data', () => onOutput?.(child));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => {});
  if (input !== undefined) child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code }),
    );
  });
}
