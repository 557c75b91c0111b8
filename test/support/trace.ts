/** What strace(1) saw of a plan that `launcher --once` performed, call by call. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '#lib/index.js';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { launcher } from './launcher.js';
import { removeTree } from './remove-tree.js';

/** One system call, as strace prints it. */
export interface Call {
  readonly pid: number;
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

/**
 * Performs `plan`, whose received descriptors are `received` and a pipe. Gives every call of every process, in the
 * order in which they ended.
 */
export function trace(plan: Plan, received: Received = ['ignore', 'ignore']): readonly Call[] {
  const memfd = native().sealedMemfd(encode(plan));
  try {
    return traceProgram([launcher, '--once'], memfd, received);
  } finally {
    native().close(memfd);
  }
}

/** The first two descriptors. */
type Received = readonly [number | 'ignore', number | 'ignore'];

/** The same of any program, which has `third` as its descriptor 3. */
export function traceProgram(
  command: readonly string[],
  third: number | 'ignore' = 'ignore',
  received: Received = ['ignore', 'ignore'],
): readonly Call[] {
  const directory = mkdtempSync(join(tmpdir(), 'trace-'));
  try {
    const output = join(directory, 'calls');
    const args = ['-f', '-qq', '-s', '4096', '-e', 'signal=none', '-o', output, ...command];
    const { status, stderr } = spawnSync('strace', args, {
      cwd: '/',
      env: { PATH: process.env.PATH },
      stdio: [...received, 'pipe', third],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
    return parse(readFileSync(output, 'utf8'));
  } finally {
    removeTree(directory);
  }
}

/** Lines of strace -f. A call that another process interrupts is in two pieces, which are put together. */
function parse(text: string): readonly Call[] {
  const begun = new Map<number, string>();
  const calls: Call[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\d+) +(.*)$/.exec(line);
    if (match === null) continue;
    const pid = Number(match[1]);
    const rest = match[2] ?? '';
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      begun.set(pid, unfinished[1] ?? '');
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed === null ? rest : `${begun.get(pid) ?? ''}${resumed[1]}`;
    const call = /^(\w+)\((.*)\) += (.*)$/.exec(whole);
    if (call !== null) calls.push({ pid, name: call[1] ?? '', args: call[2] ?? '', result: call[3] ?? '' });
  }
  return calls;
}
