/** Files that are made of tables and checked in. */

import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/**
 * Writes the file at `path` of the checkout; with `--check` only compares, and fails where it has drifted from
 * `source`.
 */
export function generate(path: string, text: string, source: string): void {
  const file = new URL(path, root);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} has drifted from ${source}: run \`npm run generate\``);
    process.exitCode = 1;
  }
}
