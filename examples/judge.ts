/**
 * A judge: compiles and runs submissions in C, Python and JavaScript against test cases, in parallel, and gives
 * verdicts.
 *
 *     node examples/judge.js
 *
 * Each case runs in a container of its own, with limits that the kernel keeps; it takes root, or a delegated cgroup.
 */

import { execPath } from 'node:process';
import { Container, type ContainerProcess, type FileEntry, file } from 'carrel';

type Verdict =
  | 'accepted'
  | 'wrong answer'
  | 'time limit'
  | 'memory limit'
  | 'output limit'
  | 'runtime error'
  | 'compile error';

interface Submission {
  readonly name: string;
  readonly language: 'c' | 'python' | 'javascript';
  readonly source: string;
}

interface Case {
  readonly input: string;
  readonly output: string;
}

const CPU_TIME_MS = 2000;
/** For who does nothing: so long its CPU time may stand still. On a busy machine it goes on, slowly. */
const IDLE_MS = 3 * CPU_TIME_MS;
/** For who does next to nothing, again and again. */
const LONGEST_MS = 60 * CPU_TIME_MS;
const MOST_OUTPUT = 64 * 1024;
const PARALLEL = 2;

const box = new Container().hostname('judge').limits({ memory: '64m', pids: 32, cpuTime: CPU_TIME_MS });
/** A compiler is trusted with more, and with nothing else. */
const workshop = new Container().hostname('compiler').limits({ memory: '512m', pids: 64, cpuTime: 20_000 });

/** What a command runs, and the file that it has to find; `undefined`: it does not compile. */
async function prepare({ language, source }: Submission): Promise<readonly [FileEntry, ...string[]] | undefined> {
  if (language === 'python') return [file('/tmp/main.py', source), 'python3', '-I', '/tmp/main.py'];
  // Node reserves much more memory than it uses; what it uses is limited all the same.
  if (language === 'javascript') return [file('/tmp/main.mjs', source), execPath, '/tmp/main.mjs'];
  const { files } = await workshop.run('gcc', ['-O2', '-static', '-o', '/tmp/main', '/tmp/main.c'], {
    files: [file('/tmp/main.c', source)],
    collect: ['/tmp/main'],
  });
  const program = files['/tmp/main'];
  return program && [file('/tmp/main', program, { mode: 0o755 }), '/tmp/main'];
}

/** Ends a job whose CPU time stands still for too long; gives whether it did. */
async function endIdle(job: ContainerProcess): Promise<boolean> {
  let used = -1;
  let since = performance.now();
  try {
    for await (const { cpuMs = 0 } of job.stats({ interval: 100 })) {
      if (cpuMs !== used) since = performance.now();
      used = cpuMs;
      if (performance.now() - since > IDLE_MS) return job.kill('SIGKILL');
    }
  } catch (error) {
    // It had ended before the first look.
    if ((error as { code?: string }).code !== 'ERR_ENDED') throw error;
  }
  return false;
}

/** Reads what a job writes; ends it where that is too much. */
async function outputOf(job: ContainerProcess): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of job.stdout as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_OUTPUT) job.kill('SIGKILL');
    else chunks.push(chunk);
  }
  return size > MOST_OUTPUT ? undefined : Buffer.concat(chunks).toString();
}

async function tryOut(program: FileEntry, command: string, args: readonly string[], one: Case): Promise<Verdict> {
  const options = { files: [program], stdio: ['pipe', 'pipe', 'ignore'], timeout: LONGEST_MS } as const;
  const job = box.spawn(command, args, options);
  // It may end without reading its input.
  job.stdin?.on('error', () => {}).end(one.input);
  const [output, idle, { reason, ok }] = await Promise.all([outputOf(job), endIdle(job), job.result]);
  if (output === undefined) return 'output limit';
  if (idle || reason === 'cpu-timeout' || reason === 'timeout') return 'time limit';
  if (reason === 'oom') return 'memory limit';
  if (!ok) return 'runtime error';
  return output.trimEnd() === one.output.trimEnd() ? 'accepted' : 'wrong answer';
}

/** The first verdict that is not "accepted", or that. */
async function judge(submission: Submission, cases: readonly Case[]): Promise<Verdict> {
  const prepared = await prepare(submission);
  if (prepared === undefined) return 'compile error';
  const [program, command = '', ...args] = prepared;
  for (const one of cases) {
    const verdict = await tryOut(program, command, args, one);
    if (verdict !== 'accepted') return verdict;
  }
  return 'accepted';
}

/** So many at once as there are processors for. */
async function judgeAll(submissions: readonly Submission[], cases: readonly Case[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < submissions.length) {
      const index = next++;
      verdicts[index] = await judge(submissions[index] as Submission, cases);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return verdicts;
}

const c = (body: string): string =>
  `#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\nint main(void) { ${body} }\n`;
const node = "const [a, b] = (await process.stdin.toArray()).join('').split(' ').map(Number);\n";

/** Each with the verdict that it deserves. */
const trials: readonly (readonly [Submission, Verdict])[] = [
  [
    {
      name: 'sum in C',
      language: 'c',
      source: c('int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); return 0;'),
    },
    'accepted',
  ],
  [{ name: 'sum in Python', language: 'python', source: 'print(sum(map(int, input().split())))' }, 'accepted'],
  [{ name: 'sum in JavaScript', language: 'javascript', source: `${node}console.log(a + b);` }, 'accepted'],
  [
    {
      name: 'off by one, in C',
      language: 'c',
      source: c('int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b + 1); return 0;'),
    },
    'wrong answer',
  ],
  [{ name: 'endless, in Python', language: 'python', source: 'while True: pass' }, 'time limit'],
  [{ name: 'sleeper, in C', language: 'c', source: c('sleep(1000); return 0;') }, 'time limit'],
  [{ name: 'hungry, in C', language: 'c', source: c('for (;;) memset(malloc(1 << 20), 1, 1 << 20);') }, 'memory limit'],
  [
    {
      name: 'talkative, in JavaScript',
      language: 'javascript',
      // console.log() would keep what a full pipe does not take until the script returns to its event loop, which it
      // never does.
      source: 'import { writeSync } from "node:fs"; for (;;) writeSync(1, "a lot of it\\n".repeat(1000));',
    },
    'output limit',
  ],
  [{ name: 'crash, in C', language: 'c', source: c('*(volatile int *)0 = 1; return 0;') }, 'runtime error'],
  [{ name: 'broken, in C', language: 'c', source: 'int main(void) { return' }, 'compile error'],
];
const cases: readonly Case[] = [
  { input: '1 2', output: '3' },
  { input: '-5 5', output: '0' },
];

const verdicts = await judgeAll(
  trials.map(([submission]) => submission),
  cases,
);
for (const [index, [{ name }, deserved]] of trials.entries()) {
  console.log(`${name}: ${verdicts[index]}`);
  if (verdicts[index] !== deserved) process.exitCode = 1;
}
