/**
 * An HTTP service that runs code which somebody sends it: `node examples/service.js [PORT]`.
 *
 *     curl -d '{"language": "python", "code": "print(6 * 7)"}' http://127.0.0.1:8080/run
 *
 * With `--try` in place of the port it serves a few requests of its own, prints what came of them, and ends.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CarrelError, Container, type RunResult } from 'carrel';

/** How the code of each language is started. It arrives on standard input: no file has to be written for it. */
const LANGUAGES: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
  python: ['python3', '-I', '-'],
  javascript: [process.execPath, '--input-type=module', '-'],
  shell: ['sh'],
};

/** No network, no files of the machine, nothing of this process; everything written is gone with the job. */
const box = new Container().hostname('job').rlimits({ fsize: 16 * 1024 * 1024, nofile: 64 });
/** By the wall clock; it holds however busy this process is. */
const TIMEOUT_MS = 10_000;
const BODY_MOST = 64 * 1024;
/** More than that at once would only make each of them slower. */
const JOBS_MOST = 4;

interface Job {
  readonly language: string;
  readonly code: string;
}

let running = 0;
const waiting: (() => void)[] = [];

async function perform({ language, code }: Job, signal: AbortSignal): Promise<RunResult> {
  const [file, ...args] = LANGUAGES[language] ?? [];
  if (file === undefined) throw new TypeError(`language must be one of ${Object.keys(LANGUAGES).join(', ')}`);
  if (running >= JOBS_MOST) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await box.run(file, args, { input: code, timeout: TIMEOUT_MS, maxOutput: '64k', signal });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function readJob(request: IncomingMessage): Promise<Job> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MOST) throw new RangeError(`a job has up to ${BODY_MOST} bytes`);
    chunks.push(chunk);
  }
  const { language, code } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Partial<Job>;
  if (typeof language !== 'string' || typeof code !== 'string')
    throw new TypeError('language and code must be strings');
  return { language, code };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  };
  if (request.method !== 'POST' || request.url !== '/run') {
    reply(404, { error: 'POST /run' });
    return;
  }
  // A client that hangs up does not want the result.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const { ok, exitCode, signal, reason, stdout, stderr, truncated, usage } = await perform(
      await readJob(request),
      gone.signal,
    );
    reply(200, { ok, exitCode, signal, reason, stdout, stderr, truncated, wallMs: Math.round(usage.wallMs) });
  } catch (error) {
    // What a job did is a result. Here the request was wrong, or no container could be made.
    const own = error instanceof CarrelError;
    reply(own ? 503 : 400, { error: (error as Error).message });
  }
}

const server = createServer((request, response) => void answer(request, response));
const [port = '8080'] = process.argv.slice(2);
server.listen(port === '--try' ? 0 : Number(port), '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/run`;
console.log(`POST ${url}`);
if (port === '--try') await tryOut();

async function tryOut(): Promise<void> {
  const jobs: readonly Job[] = [
    { language: 'javascript', code: 'console.log(6 * 7)' },
    { language: 'shell', code: 'cat /etc/shadow || ls /home /root; cat /proc/net/dev | tail -n +3 | cut -d: -f1' },
    { language: 'javascript', code: 'import { writeSync } from "node:fs"; for (;;) writeSync(1, "a lot of it\\n")' },
    { language: 'shell', code: 'echo "sleeps for too long"; sleep 60' },
    { language: 'cobol', code: '' },
  ];
  const replies = await Promise.all(
    jobs.map(async (job) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(job) });
      return (await response.json()) as Partial<RunResult> & { readonly error?: string };
    }),
  );
  for (const [index, { reason, error, stdout = '' }] of replies.entries())
    console.log(`${jobs[index]?.language}: ${error ?? reason}: ${JSON.stringify(stdout.slice(0, 60))}`);
  const reasons = replies.map(({ reason }) => reason);
  const expected = ['exited', 'exited', 'output-limit', 'timeout', undefined];
  if (reasons.join() !== expected.join() || replies[0]?.stdout !== '42\n') process.exitCode = 1;
  server.close();
}
