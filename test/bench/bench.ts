/**
 * `npm run bench [-- --short] [--unpinned] [--write-docs]` measures a container beside the kernel's own cost, others,
 * and a bare process.
 *
 * All is measured side by side in one run, a few samples of each in turn, so that a slow moment of the machine is
 * everybody's. The verdict on the numbers is the reader's; only what breaks makes the run fail. `--short`: few samples,
 * for breakage alone. All starts are on one processor, unless `--unpinned`: then numbers spread more, but nobody who
 * was woken takes Node's processor away. What was found is printed, and written to build/bench.json; with
 * `--write-docs` also to docs/performance.md.
 */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { findBusybox } from '../support/busybox.js';
import { writeDocument } from './document.js';
import { enter } from './pin.js';
import { sections } from './report.js';
import type { Results } from './results.js';
import { hideHybridCgroup, run } from './run.js';
import { table } from './statistics.js';

const FLAGS = ['--short', '--unpinned', '--write-docs'];
const checkout = new URL('../../../', import.meta.url);

const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => !FLAGS.includes(flag));
if (unknown.length > 0) {
  console.error(`usage: bench [${FLAGS.join('] [')}], not ${unknown.join(' ')}`);
  process.exitCode = 2;
} else if (findBusybox() === undefined) {
  console.error('carrel bench: no static busybox on this machine');
  process.exitCode = 1;
} else {
  const where = await enter({ pinned: !flags.includes('--unpinned') });
  if (where !== undefined) {
    // What is temporary is removed when the process exits; a signal alone would not let it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
    if (process.getuid?.() === 0) hideHybridCgroup();
    const short = flags.includes('--short');
    const results = await run({ short, where, directory: mkdtempSync(`${tmpdir()}/bench-`) });
    print(results);
    mkdirSync(new URL('build/', checkout), { recursive: true });
    writeFileSync(new URL('build/bench.json', checkout), `${JSON.stringify(results, null, 2)}\n`);
    if (flags.includes('--write-docs')) writeDocument(new URL('docs/', checkout), results);
  }
}

function print(results: Results): void {
  const { machine, short, skipped } = results;
  const caution = short ? ', short: the numbers mean little' : '';
  const on = `${machine.where}, Linux ${machine.kernel}, Node ${machine.node}`;
  console.log(`\ncarrel bench, as ${machine.user}, ${on}${caution}`);
  for (const { title, note, head, rows } of sections(results))
    console.log(`\n${title}\n${note}\n\n${table(head, rows)}`);
  if (skipped.length > 0) console.log(`\nnot measured\n  ${skipped.join('\n  ')}`);
}
