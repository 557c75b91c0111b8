/**
 * A temporary directory for each test file, so that what one leaves is not taken for another's.
 *
 * To import this file is enough: `os.tmpdir()` is in it from then on.
 */

import { chmodSync, existsSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';

/** The temporary directory of the leg, which its test files share. */
const legDirectory = tmpdir();

const directory = mkdtempSync(join(legDirectory, 'file-'));
chmodSync(directory, 0o755);
process.env.TMPDIR = directory;
process.on('exit', () => removeTree(directory));

/**
 * The directory `name` that all test files of a leg share: made by the first that wants it, and not to be written to.
 */
export function onceForLeg(name: string, make: (directory: string) => void): string {
  const path = join(legDirectory, name);
  if (existsSync(path)) return path;
  const fresh = mkdtempSync(join(legDirectory, 'making-'));
  chmodSync(fresh, 0o755);
  make(fresh);
  try {
    renameSync(fresh, path);
  } catch (error) {
    // Another test file was faster.
    if (!existsSync(path)) throw error;
    removeTree(fresh);
  }
  return path;
}

/** Does something with a directory of its own, which is gone then. */
export async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const made = mkdtempSync(join(tmpdir(), 'directory-'));
  try {
    await act(made);
  } finally {
    removeTree(made);
  }
}
