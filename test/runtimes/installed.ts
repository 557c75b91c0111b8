/** What the package is tried with, as npm has it: kept in build/runtimes from one run to the next. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kept = fileURLToPath(new URL('../../../build/runtimes/', import.meta.url));

/** The directory where what `npm install` takes is installed, under this name; it is, if it was not. */
export function installed(name: string, taken: readonly string[]): string {
  const directory = join(kept, name);
  if (!existsSync(join(directory, 'node_modules'))) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
    // --force: also what is for another machine.
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--force', '--silent', ...taken], { cwd: directory });
  }
  return directory;
}
