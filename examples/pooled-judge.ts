/**
 * An online judge: 50 submissions at once, each case in a fresh container, verdicts by reason.
 *
 *     node examples/pooled-judge.js
 *
 * Containers are kept ready by two pools, of compilers and of cells. It takes root, or a delegated cgroup, and gcc.
 */

import { Container, file, type RunResult } from 'carrel';

type Verdict =
  | 'accepted'
  | 'wrong answer'
  | 'time limit'
  | 'memory limit'
  | 'output limit'
  | 'runtime error'
  | 'compile error';
interface Case {
  readonly input: string;
  readonly output: string;
}

await using compilers = new Container().limits({ memory: '512m', pids: 64, cpuTime: 20_000 }).pool({ size: 2, max: 2 });
await using cells = new Container()
  .user(1000)
  .limits({ memory: '64m', pids: 16, cpuTime: 2_000 })
  .pool({ size: 8, max: 8 });

async function judge(source: string, cases: readonly Case[]): Promise<Verdict> {
  const built = await compilers.run('gcc', ['-O2', '-static', '-o', '/tmp/main', '/tmp/main.c'], {
    files: [file('/tmp/main.c', source)],
    collect: ['/tmp/main'],
  });
  const program = built.files['/tmp/main'];
  if (program === undefined) return 'compile error';
  for (const { input, output } of cases) {
    const files = [file('/tmp/main', program, { mode: 0o755 })];
    const verdict = verdictOf(
      await cells.run('/tmp/main', [], { files, input, timeout: 10_000, maxOutput: '64k' }),
      output,
    );
    if (verdict !== 'accepted') return verdict;
  }
  return 'accepted';
}

function verdictOf({ ok, reason, stdout }: RunResult, output: string): Verdict {
  if (reason === 'cpu-timeout' || reason === 'timeout') return 'time limit';
  if (reason === 'oom') return 'memory limit';
  if (reason === 'output-limit') return 'output limit';
  if (!ok) return 'runtime error';
  return stdout.trimEnd() === output.trimEnd() ? 'accepted' : 'wrong answer';
}

const cases: readonly Case[] = [{ input: '1 2', output: '3' }];
const submissions = Array.from(
  { length: 50 },
  () => '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d", a + b); }',
);
const verdicts = await Promise.all(submissions.map((source) => judge(source, cases)));
console.log(verdicts.filter((verdict) => verdict === 'accepted').length);
