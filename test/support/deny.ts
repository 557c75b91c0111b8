/**
 * A command in which system calls are refused, as by an old kernel or an outer sandbox: deny.c, compiled for this run.
 */

import { spawnSync } from 'node:child_process';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syscallName } from '#lib/seccomp/syscalls.js';
import './temporary.js';

const SOURCE = fileURLToPath(new URL('../../../test/support/deny.c', import.meta.url));
let program: string | undefined;

/** What stands before the command; needs gcc. */
export function deny(
  error: 'ENOSYS' | 'EPERM' | 'EAGAIN' | 'EOPNOTSUPP',
  ...calls: readonly string[]
): readonly string[] {
  program ??= compile();
  return [program, String(constants.errno[error]), calls.map(numberOf).join(',')];
}

function numberOf(call: string): number {
  for (let number = 0; number < 1000; number += 1) if (syscallName(number) === call) return number;
  throw new Error(`no system call ${call}`);
}

function compile(): string {
  const path = join(tmpdir(), 'deny');
  const { status, stderr } = spawnSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', path, SOURCE]);
  if (status !== 0) throw new Error(`deny.c does not compile: ${stderr}`);
  return path;
}
