/**
 * `npm run bench [-- --short] [--unpinned]`: what a container costs, beside what it could cost at least, what others cost, and what a bare process costs.
 *
 * All is measured side by side in one run, a few samples of each in turn, so that a slow moment of the machine is everybody's.
 * The verdict on the numbers is the reader's; only what breaks makes the run fail. `--short`: few samples, for breakage alone.
 * All run on one processor, unless `--unpinned`: then numbers spread more, but nobody who was woken takes Node's processor away.
 */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { findBusybox } from '../support/busybox.js';
import { pin } from './pin.js';
import { run } from './run.js';

const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => flag !== '--short' && flag !== '--unpinned');
if (unknown.length > 0) {
  console.error(`usage: bench [--short] [--unpinned], not ${unknown.join(' ')}`);
  process.exitCode = 2;
} else if (findBusybox() === undefined) {
  console.error('carrel bench: no static busybox on this machine');
  process.exitCode = 1;
} else {
  const where = flags.includes('--unpinned') ? 'all processors' : await pin();
  if (where !== undefined) {
    // What is temporary is removed when the process exits; a signal alone would not let it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
    await run({ short: flags.includes('--short'), where, directory: mkdtempSync(`${tmpdir()}/bench-`) });
  }
}
