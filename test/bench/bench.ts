/**
 * `npm run bench [-- OPTION…]` measures a container beside the kernel's own cost, others, and a bare process.
 *
 * All is measured side by side in one run, a few samples of each in turn, so that a slow moment of the machine is
 * everybody's. The verdict on the numbers is the reader's; only what breaks makes the run fail. All starts are on one
 * processor, unless `--unpinned`: then numbers spread more, but nobody who was woken takes Node's processor away. What
 * was found is printed, and written to build/bench.json; with `--write-docs` also to docs/performance.md.
 *
 * `--short`: few samples, for breakage alone. `--quiet`: only what the budgets need, for a machine that is quiet; every
 * form says how busy others kept the machine. `--against DIR` compares with the build of another checkout instead: the
 * same cases of both, in turns; `--only REGEXP` there takes the cases whose names match.
 */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findBusybox } from '../support/busybox.js';
import { againstTable, compareWith } from './against.js';
import { writeDocument } from './document.js';
import { enter } from './pin.js';
import { isBuilt } from './places.js';
import { quietness, sections } from './report.js';
import type { Results } from './results.js';
import { hideHybridCgroup, run } from './run.js';
import { table } from './statistics.js';

const USAGE = 'usage: bench [--unpinned] [--write-docs | --quiet | [--short] [--against DIR [--only REGEXP]]]';
const checkout = new URL('../../../', import.meta.url);

interface Flags {
  readonly short: boolean;
  readonly quiet: boolean;
  readonly unpinned: boolean;
  readonly writeDocs: boolean;
  readonly against?: string | undefined;
  readonly only: RegExp;
}

const flags = flagsOf(process.argv.slice(2));
if (flags === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else if (findBusybox() === undefined) {
  console.error('carrel bench: no static busybox on this machine');
  process.exitCode = 1;
} else if (flags.against !== undefined && !isBuilt(flags.against)) {
  console.error(`carrel bench: ${flags.against} has no build of carrel; npm run build makes it there`);
  process.exitCode = 1;
} else {
  const where = await enter({ pinned: !flags.unpinned });
  if (where !== undefined) {
    // What is temporary is removed when the process exits; a signal alone would not let it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
    if (process.getuid?.() === 0) hideHybridCgroup();
    await measure(flags, where, mkdtempSync(`${tmpdir()}/bench-`));
  }
}

async function measure(flags: Flags, where: string, directory: string): Promise<void> {
  const { short, against: other, only } = flags;
  mkdirSync(new URL('build/', checkout), { recursive: true });
  if (other !== undefined) {
    const compared = await compareWith({ other, short, only, directory });
    console.log(`\nthis checkout against ${other}, on ${where}: medians\n\n${againstTable(compared)}`);
    save('build/bench-against.json', compared);
    return;
  }
  const form = short ? 'short' : flags.quiet ? 'quiet' : 'full';
  const results = await run({ form, where, directory });
  print(results);
  save('build/bench.json', results);
  if (flags.writeDocs) writeDocument(new URL('docs/', checkout), results);
}

function save(path: string, found: unknown): void {
  writeFileSync(new URL(path, checkout), `${JSON.stringify(found, null, 2)}\n`);
}

function print(results: Results): void {
  const { machine, form, skipped } = results;
  const caution = form === 'short' ? ', short: the numbers mean little' : '';
  const on = `${machine.where}, Linux ${machine.kernel}, Node ${machine.node}`;
  console.log(`\ncarrel bench, as ${machine.user}, ${on}${caution}\n${quietness(machine)}`);
  for (const { title, note, head, rows } of sections(results))
    console.log(`\n${title}\n${note}\n\n${table(head, rows)}`);
  if (skipped.length > 0) console.log(`\nnot measured\n  ${skipped.join('\n  ')}`);
}

/** The options, or `undefined` where they are not those of the usage line. */
function flagsOf(args: readonly string[]): Flags | undefined {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    short: flag,
    quiet: flag,
    unpinned: flag,
    'write-docs': flag,
    against: { type: 'string' },
    only: { type: 'string' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const { short, quiet, unpinned, 'write-docs': writeDocs, against, only } = values;
    if (only !== undefined && against === undefined) return undefined;
    if (quiet && (short || against !== undefined)) return undefined;
    // A page of fewer tables, or of numbers that mean little, is no page.
    if (writeDocs && (short || quiet || against !== undefined)) return undefined;
    return {
      short,
      quiet,
      unpinned,
      writeDocs,
      only: new RegExp(only ?? ''),
      against: against === undefined ? against : resolve(against),
    };
  } catch (error) {
    console.error(`carrel bench: ${(error as Error).message}`);
    return undefined;
  }
}
