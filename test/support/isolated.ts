/**
 * Runs a function in a Node with mounts of its own, which end with it.
 *
 * It is root there, of a user namespace where the user is not root. The function is sent as text: it sees its
 * parameters, and nothing around it.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTree } from './remove-tree.js';
import './temporary.js';
import type { Tools } from './tools.js';

const TIMEOUT_MS = 60_000;
const mounts = ['--mount', '--propagation', 'private'];
/** Options of unshare(1). */
export const isolation: readonly string[] =
  process.getuid?.() === 0 ? mounts : ['--user', '--map-root-user', ...mounts];

/** The function's result, as JSON carries it. `directory` is empty, and the first argument after the tools. */
export function isolated<Result, Args extends readonly unknown[]>(
  act: (tools: Tools, directory: string, ...args: Args) => Result,
  ...args: Args
): Awaited<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'isolated-'));
  const script = `
    import * as tools from ${JSON.stringify(import.meta.resolve('./tools.js'))};
    const result = await (${act})(tools, ...${JSON.stringify([directory, ...args])});
    process.stdout.write('\\n' + JSON.stringify(result ?? null));
  `;
  const command = [...isolation, process.execPath, '--input-type=module', '--eval', script];
  try {
    const { status, signal, stdout, stderr, error } = spawnSync('unshare', command, {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`ended with ${signal ?? status}: ${stderr}`);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as Awaited<Result>;
  } finally {
    removeTree(directory);
  }
}
