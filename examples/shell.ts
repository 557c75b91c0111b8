/**
 * An interactive shell in a container: `node examples/shell.js [ROOTFS [COMMAND [ARGUMENT…]]]`.
 *
 * Without ROOTFS, or with `-` in its place, it has the host's programs and none of the host's data. It ends with the
 * command's exit code, 128 + n where signal n ended it, or 125 where the container could not be made.
 */

import { constants } from 'node:os';
import { CarrelError, Container } from 'carrel';

const [rootfs = '-', ...command] = process.argv.slice(2);
const [file = 'sh', ...args] = command;

if (!process.stdin.isTTY || !process.stdout.isTTY) {
  console.error('shell: stdin and stdout must be a terminal');
  process.exit(125);
}

const box = new Container()
  .rootfs(rootfs === '-' ? undefined : rootfs)
  .hostname('carrel')
  .env({ TERM: process.env.TERM ?? 'xterm' })
  // A shell copes with being PID 1. Other programs seldom do: Ctrl-C would not reach them.
  .init(command.length > 0);

try {
  // A serial line has no size: 0 × 0.
  const { columns, rows } = process.stdout;
  const { exitCode, signal } = await box
    .spawn(file, args, { terminal: { columns: columns || 80, rows: rows || 24 } })
    .attach();
  process.exitCode = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
} catch (error) {
  if (!(error instanceof CarrelError)) throw error;
  console.error(`shell: ${error.message}`);
  process.exitCode = 125;
}
