/** What is tried, again and again, until a condition of a container's readiness is met. */

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../errors/errors.js';
import { LineCounter } from './lines.js';
import type { Log } from './log.js';
import type { Condition } from './ready.js';
import type { RunResult } from './run.js';

/** How a container is looked at. Each look ends soon after its signal has fired. */
export interface Looks<Container> {
  /** What calls are given. */
  readonly container: Container;
  /** What the main command has written; `undefined` where it is not kept. */
  readonly log: Log | undefined;
  /** A connection to a port of the container's loopback. */
  connect(port: number, options: { readonly signal: AbortSignal }): Promise<Socket>;
  /** Whether there is something by this path of the container. */
  exists(path: string, options: { readonly signal: AbortSignal }): Promise<boolean>;
  /** Runs a command in the container to its end. */
  run(
    file: string,
    args: readonly string[],
    options: { readonly signal: AbortSignal; readonly timeout: number },
  ): Promise<Pick<RunResult, 'ok' | 'exitCode' | 'signal' | 'reason' | 'stdout' | 'stderr'>>;
}

/** When a wait is over. */
export interface Until {
  /** Nobody waits any more. */
  readonly stopped: AbortSignal;
  /** Nobody waits any more, or the container has ended: what it has written is still to be looked at. */
  readonly over: AbortSignal;
}

/** Milliseconds between two attempts: they become longer. */
const PAUSE_FIRST_MS = 4;
const PAUSE_MOST_MS = 100;
const PAUSE_GROWTH = 1.5;
/** Milliseconds that one attempt may take. */
const LOOK_MOST_MS = 5000;
const COMMAND_MOST_MS = 30_000;
/** Letters of what a command says, in the error. */
const SAID_MOST = 200;

/** A condition that is waited for. */
export interface Wait {
  /** What is waited for, and what is known of it: `port 80 (ECONNREFUSED)`. */
  readonly lack: string;
  /** Resolves to whether it was met. Rejects where it cannot be met. */
  readonly met: Promise<boolean>;
}

export function waitFor<Container>(condition: Condition<Container>, looks: Looks<Container>, until: Until): Wait {
  switch (condition.kind) {
    case 'port': {
      const { port } = condition;
      return polled(`port ${port}`, until, async (signal) => {
        (await looks.connect(port, { signal })).destroy();
      });
    }
    case 'file': {
      const { path } = condition;
      return polled(`the file ${path}`, until, async (signal) => {
        if (!(await looks.exists(path, { signal }))) throw new Error('it does not exist');
      });
    }
    case 'http':
      return polled(`http port ${condition.port} ${condition.path}`, until, (signal) =>
        request(condition, looks, signal),
      );
    case 'command': {
      const { file, args } = condition;
      return polled(
        `the command ${[file, ...args].join(' ')}`,
        until,
        (signal) => execute(condition, looks, signal),
        COMMAND_MOST_MS,
      );
    }
    case 'line':
      return lines(condition, looks.log, until);
    case 'call':
      return { lack: 'a function', met: called(() => condition.call(looks.container, until.over), until.over) };
    default:
      return condition satisfies never;
  }
}

/** An attempt will never succeed. */
class Hopeless extends Error {}

function polled(
  what: string,
  { over }: Until,
  attempt: (signal: AbortSignal) => Promise<void>,
  mostMs = LOOK_MOST_MS,
): Wait {
  let last: string | undefined;
  const poll = async (): Promise<boolean> => {
    for (let pauseMs = PAUSE_FIRST_MS; !over.aborted; pauseMs = Math.min(PAUSE_MOST_MS, pauseMs * PAUSE_GROWTH)) {
      const bounded = within(over, mostMs);
      try {
        await attempt(bounded.signal);
        return true;
      } catch (error) {
        if (error instanceof Hopeless) throw error.cause;
        if (!over.aborted) last = bounded.signal.aborted ? `no answer for ${mostMs} ms` : shortOf(error);
      } finally {
        bounded.clear();
      }
      await sleep(pauseMs, undefined, { signal: over }).catch(() => {});
    }
    return false;
  };
  const met = poll();
  return {
    get lack() {
      return last === undefined ? what : `${what} (${last})`;
    },
    met,
  };
}

function shortOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && !code.startsWith('ERR_') ? code : message;
}

/** Any answer is read up to its status; the connection goes with the attempt. */
async function request<Container>(
  { port, path, status }: Extract<Condition, { readonly kind: 'http' }>,
  looks: Looks<Container>,
  signal: AbortSignal,
): Promise<void> {
  const socket = await looks.connect(port, { signal });
  const abort = (): void => {
    socket.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) throw signal.reason;
    const got = await statusOver(socket, port, path);
    const fits = status === undefined ? got >= 200 && got <= 399 : got === status;
    if (!fits) throw new Error(`status ${got}`);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function statusOver(socket: Socket, port: number, path: string): Promise<number> {
  // Loaded by who waits for it: it takes Node some milliseconds.
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { host: `localhost:${port}`, connection: 'close' };
    const asked = get({ createConnection: () => socket, path, headers });
    asked.on('response', (response) => {
      // What of it is still under way is nobody's business.
      response.on('error', () => {});
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed without an answer')));
  });
}

async function execute<Container>(
  { file, args }: Extract<Condition, { readonly kind: 'command' }>,
  looks: Looks<Container>,
  signal: AbortSignal,
): Promise<void> {
  const ended = await looks.run(file, args, { signal, timeout: COMMAND_MOST_MS }).catch((error: unknown) => {
    // That it cannot be executed will not change; that the container is short of something may.
    if (error instanceof StepError && error.step?.op === 'exec') throw new Hopeless('', { cause: error });
    throw error;
  });
  if (ended.ok) return;
  const how = ended.signal === null ? `exit code ${ended.exitCode}` : `${ended.signal}, ${ended.reason}`;
  const said = (ended.stderr.trim() || ended.stdout.trim()).split('\n').at(-1) ?? '';
  throw new Error(said === '' ? how : `${how}: ${said.slice(0, SAID_MOST)}`);
}

/** Told of all that the log has, and of all that comes: no line is between the two. */
function lines(
  { line, times }: Extract<Condition, { readonly kind: 'line' }>,
  log: Log | undefined,
  { stopped, over }: Until,
): Wait {
  let counter: LineCounter | undefined;
  const met = new Promise<boolean>((resolve) => {
    const stop = (): void => settle(false);
    const settle = (isFull: boolean): void => {
      stopped.removeEventListener('abort', stop);
      if (counter !== undefined) log?.unlisten(counter);
      // A command may close its output and go on: what ends the wait is another thing.
      if (isFull || over.aborted) resolve(isFull);
      else over.addEventListener('abort', () => resolve(false), { once: true });
    };
    stopped.addEventListener('abort', stop, { once: true });
    counter = new LineCounter(line, times, settle);
    log?.replay(counter);
  });
  const what = `a line with ${typeof line === 'string' ? JSON.stringify(line) : String(line)}`;
  return {
    get lack() {
      return times === 1 ? what : `${what} (${counter?.count ?? 0} of ${times})`;
    },
    met,
  };
}

/** Nobody can end a function of the caller's: it is left to itself. */
async function called(call: () => unknown, over: AbortSignal): Promise<boolean> {
  if (over.aborted) return false;
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(false);
    over.addEventListener('abort', stop, { once: true });
    const settle = (act: () => void): void => {
      over.removeEventListener('abort', stop);
      act();
    };
    (async () => call())().then(
      () => settle(() => resolve(true)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** Ends with a signal, or before it, when its time is up. */
function within(over: AbortSignal, milliseconds: number): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, milliseconds);
  over.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      over.removeEventListener('abort', abort);
    },
  };
}
