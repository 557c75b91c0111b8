/** Runs a command to its end and collects what it writes. */

import type { Readable } from 'node:stream';
import { boolean, bytes, knownOptions, oneOf } from '../definition/checks.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { checkUser } from '../definition/user.js';
import { ExitError, invalidType } from '../errors/errors.js';
import { endOnceRead } from '../launch/drain.js';
import { type Collected, type CollectedPath, checkCollect, NOTHING_COLLECTED, type WantedFile } from './collected.js';
import { collectFrom, collectOfEnded } from './collecting.js';
import { type Call, SPAWN_OPTIONS, type SpawnOptions } from './command.js';
import type { ContainerProcess } from './process.js';
import type { ExitStatus } from './result.js';
import { check as checkStart, type Surrounding, start } from './spawn.js';
import { textOf, wholeTextOf } from './text.js';

/** Options of {@link Container.run}: those of `spawn`, and these. */
export interface RunOptions extends Omit<SpawnOptions, 'stdio' | 'terminal' | 'detached'> {
  /** Written to the command's standard input, which is then closed. Default: nothing. */
  readonly input?: string | Uint8Array | undefined;
  /** `'utf8'` gives strings, `'buffer'` gives Buffers. Default: `'utf8'`. */
  readonly encoding?: 'utf8' | 'buffer' | undefined;
  /**
   * Bytes that stdout and stderr may each hold. A command that writes more is ended. Its reason is `output-limit` and
   * it is not `ok`, also where it has ended by itself meanwhile. What came until then is kept. Bytes or a text such as
   * `'1m'`. Default: `'16m'`.
   */
  readonly maxOutput?: number | string | undefined;
  /**
   * Paths that are read when the command has ended, however it did, before its files are gone: `['/tmp/main']`. Only
   * regular files are, each up to `maxBytes`, with the rights of the command's user. Links are followed inside, and
   * lead nowhere else. See `files` and `uncollected` of the result. Default: none.
   */
  readonly collect?: readonly (string | CollectedPath)[] | undefined;
  /**
   * Throws an {@link ExitError} that carries the result, unless that is `ok`. Where `signal` has ended the command, its
   * reason is the `cause`. Default: `false`.
   */
  readonly check?: boolean | undefined;
}

/** Options that give a text. */
export interface Texts {
  /** Default: `'utf8'`. */
  readonly encoding?: 'utf8' | undefined;
}

/** Options that give Buffers. */
export interface Bytes {
  /** It has to be said. */
  readonly encoding: 'buffer';
}

/** What a command wrote, and how it ended. */
export interface RunResult<Output extends string | Buffer = string> extends ExitStatus, Collected {
  /** What it wrote to descriptor 1, up to `maxOutput`. A text that was cut ends with a whole character. */
  readonly stdout: Output;
  /** What it wrote to descriptor 2, as `stdout`. */
  readonly stderr: Output;
  /** There was more output than `maxOutput` allows. */
  readonly truncated: boolean;
  /** The command and its arguments. */
  readonly command: readonly string[];
}

const OWN_OPTIONS = ['input', 'encoding', 'maxOutput', 'check'] as const;
const RUN_OPTIONS = [...SPAWN_OPTIONS.filter((name) => !['stdio', 'terminal', 'detached'].includes(name)), 'collect'];
const DEFAULT_MAX_OUTPUT = '16m';

/** The options that are about what goes in and what comes out, and what ends it. */
export type OutputOptions = Pick<RunOptions, (typeof OWN_OPTIONS)[number] | 'signal'>;

/** These, checked. */
export interface CheckedOutput {
  readonly input: string | Uint8Array | undefined;
  readonly encoding: 'utf8' | 'buffer';
  readonly maxOutput: number;
  readonly check: boolean;
  /** Its reason is the cause where it has ended the command. */
  readonly signal: AbortSignal | undefined;
}

/** `others` are the options that somebody else checks. */
export function checkRun(options: OutputOptions, others: readonly string[] = RUN_OPTIONS): CheckedOutput {
  knownOptions('run()', options, [...others, ...OWN_OPTIONS]);
  const { input, encoding, maxOutput, check, signal } = options;
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw invalidType('input', 'a string or bytes', input);
  }
  return {
    input,
    encoding: oneOf('encoding', encoding ?? 'utf8', ['utf8', 'buffer']) as 'utf8' | 'buffer',
    maxOutput: bytes('maxOutput', maxOutput ?? DEFAULT_MAX_OUTPUT),
    check: boolean('check', check ?? false),
    signal,
  };
}

/** What {@link Container.run} does, and {@link RunningContainer.run}. */
export async function run(
  definition: ContainerDefinition,
  surrounding: Surrounding,
  call: Call<RunOptions>,
): Promise<RunResult<string | Buffer>> {
  const how = checkRun(call.options);
  const wanted = checkCollect(call.options.collect);
  if (wanted.length > 0) return runForFiles(definition, surrounding, call, how, wanted);
  const { child } = start(definition, surrounding, call);
  surrounding.made?.(child);
  return runToEnd(child, how);
}

/** What can be wrong with the arguments is thrown, and nothing is made. */
export function checkRunCall(definition: ContainerDefinition, surrounding: Surrounding, call: Call<RunOptions>): void {
  checkRun(call.options);
  const collects = checkCollect(call.options.collect).length > 0;
  checkStart(definition, collects ? { ...surrounding, collects } : surrounding, call);
}

/** Reads files when the command has ended. */
async function runForFiles(
  definition: ContainerDefinition,
  surrounding: Surrounding,
  call: Call<RunOptions>,
  how: CheckedOutput,
  wanted: readonly WantedFile[],
): Promise<RunResult<string | Buffer>> {
  const { inside, made } = surrounding;
  const { cwd = definition.cwd, signal } = call.options;
  const user = call.options.user === undefined ? undefined : checkUser(call.options.user);
  const from = { cwd, signal };
  if (inside !== undefined) {
    const { child } = start(definition, surrounding, call);
    made?.(child);
    return runToEnd(child, how, () => collectFrom(inside.filesOf(user), wanted, from));
  }
  const { child, supervision } = start(definition, { ...surrounding, collects: true }, call);
  made?.(child);
  try {
    return await runToEnd(child, how, async () => {
      return collectOfEnded({ definition, user, supervision }, wanted, from);
    });
  } finally {
    supervision.letGo();
  }
}

/** Feeds `child`, reads it to the end, and then what `collected` does; gives the result. */
export async function runToEnd(
  child: ContainerProcess,
  how: CheckedOutput,
  collected: () => Promise<Collected> = async () => NOTHING_COLLECTED,
): Promise<RunResult<string | Buffer>> {
  feed(child, how.input);
  // Not at once: the command says nothing before it runs, and to make the streams takes a while.
  const begun = new Promise<void>((resolve) => {
    child.once('spawn', resolve);
    child.once('exit', () => resolve());
  });
  const full = (): void => child.end('output-limit');
  const output = async (stream: 'stdout' | 'stderr'): Promise<Gathered> => {
    await begun;
    return gather(child[stream] as Readable, how.maxOutput, full);
  };
  const [status, out, err] = await Promise.all([
    child.result.then((status) => {
      for (const stream of [child.stdout, child.stderr]) endOnceRead(stream as Readable);
      return status;
    }),
    output('stdout'),
    output('stderr'),
  ]);
  const { files, uncollected } = await collected();
  const truncated = out.truncated || err.truncated;
  const result: RunResult<string | Buffer> = Object.freeze({
    ...status,
    // By what it wrote, and not by which comes first: the end of a short command, or its output.
    ...(truncated ? { ok: false, reason: 'output-limit' as const } : {}),
    stdout: shown(out, how),
    stderr: shown(err, how),
    truncated,
    command: child.spawnargs,
    files,
    uncollected,
  });
  if (how.check && !result.ok) {
    const cause = result.reason === 'aborted' ? { cause: how.signal?.reason } : undefined;
    throw new ExitError(exitMessage(result, how), result, cause);
  }
  return result;
}

function feed(child: ContainerProcess, input: string | Uint8Array | undefined): void {
  if (input === undefined) {
    child.closeInput();
    return;
  }
  // EPIPE: the command ended, or closed its input, without reading all of it. That is its own affair.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
}

function shown({ bytes, truncated }: Gathered, { encoding }: CheckedOutput): string | Buffer {
  if (encoding === 'buffer') return bytes;
  return truncated ? wholeTextOf(bytes) : textOf(bytes);
}

interface Gathered {
  readonly bytes: Buffer;
  readonly truncated: boolean;
}

function gather(stream: Readable, most: number, full: () => void): Promise<Gathered> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      if (size <= most && size + chunk.length > most) full();
      // What comes after the limit is read and dropped: else the pipe would never end.
      if (size < most) chunks.push(chunk.subarray(0, most - size));
      size += chunk.length;
    });
    stream.on('error', () => stream.destroy());
    const over = (): void => resolve({ bytes: Buffer.concat(chunks), truncated: size > most });
    if (stream.closed) over();
    else stream.once('close', over);
  });
}

function exitMessage(result: RunResult<string | Buffer>, { maxOutput }: CheckedOutput): string {
  const ended = result.signal === null ? `exit code ${result.exitCode}` : `${result.signal} (${result.reason})`;
  const how = result.truncated ? `output-limit, more than ${maxOutput} bytes` : ended;
  const tail = result.stderr.toString().trim().split('\n').slice(-5).join('\n');
  return `${result.command.join(' ')}: ${how}${tail === '' ? '' : `\n${tail}`}`;
}
