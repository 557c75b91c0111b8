/**
 * A temporary directory for each test file, so that what one leaves is not taken for another's. To import this file is enough:
 * `os.tmpdir()` is in it from then on.
 */

import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';

/** The temporary directory of the leg, which its test files share. */
export const legDirectory: string = tmpdir();

const directory = mkdtempSync(join(legDirectory, 'file-'));
chmodSync(directory, 0o755);
process.env.TMPDIR = directory;
process.on('exit', () => removeTree(directory));
