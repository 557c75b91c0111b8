/**
 * Runs a command in which system calls are refused, as by an old kernel or an outer sandbox.
 *
 * `filter.js ERROR CALL[,CALL…] COMMAND [ARGUMENT…]`. It is a bare container of carrel's: a filter, and nothing else is
 * changed.
 */

import { constants } from 'node:os';
import { Container } from '#lib/index.js';
import { capget } from '#lib/syscalls.js';

const [error = '', calls = '', command = '', ...args] = process.argv.slice(2);

const refused = {
  names: calls.split(','),
  action: 'SCMP_ACT_ERRNO',
  errnoRet: constants.errno[error as keyof typeof constants.errno],
} as const;
const { effective } = capget();
const bare = new Container()
  .namespaces([])
  .capabilities(effective)
  .noNewPrivileges(effective.length === 0)
  .env(process.env as Readonly<Record<string, string>>)
  .cwd(process.cwd())
  .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [refused] });
const { exitCode, signal } = await bare.spawn(command, args, { stdio: 'inherit' }).result;
if (signal !== null) process.kill(process.pid, signal);
process.exitCode = exitCode ?? 1;
