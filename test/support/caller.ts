/** Another Node that uses carrel, started under conditions that a test file itself cannot have any more. */

import { type StdioOptions, spawn } from 'node:child_process';

export interface CallerOptions {
  /** What stands before `node`: setpriv, a shell that ignores signals, and so on. */
  readonly prefix?: readonly string[];
  readonly stdio?: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CallerResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs `source`, a module in which all public names of carrel are imported, and collects what it prints. */
export async function runCaller(
  source: string,
  { prefix = [], stdio, env }: CallerOptions = {},
): Promise<CallerResult> {
  const module = `import * as carrel from '#lib/index.js';\nconst { Container, bind, tmpfs } = carrel;\n${source}`;
  const [command = process.execPath, ...args] = [...prefix, process.execPath, '--input-type=module', '-e', module];
  const child = spawn(command, args, { stdio: stdio ?? ['ignore', 'pipe', 'pipe'], env: env ?? process.env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code, signal }),
    );
  });
}

/** The same, and what it prints is the JSON of one value. */
export async function askCaller<Answer>(source: string, options?: CallerOptions): Promise<Answer> {
  const { stdout, stderr, code } = await runCaller(source, options);
  if (code !== 0) throw new Error(`the caller ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}
