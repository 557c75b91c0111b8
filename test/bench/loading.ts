/** What loading carrel adds to the time of a Node program: whole processes, from their start to their end, in turns. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../support/sources.js';
import type { Loading } from './results.js';
import { summarize } from './statistics.js';

/** Each is compared with the empty one of its kind. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'empty.mjs': '',
  'import.mjs': "import 'carrel';",
  'import-plan.mjs': "import 'carrel/plan';",
  'import-syscalls.mjs': "import 'carrel/syscalls';",
  'empty.cjs': '',
  'require.cjs': "require('carrel');",
};
const COMMAND = join(checkout, 'dist/carrel.cjs');

/** Writes the programs into `directory`, beside carrel, and starts each so many times. */
export function measureLoading(directory: string, rounds: number): readonly Loading[] {
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(checkout, join(directory, 'node_modules/carrel'));
  for (const [name, source] of Object.entries(PROGRAMS)) writeFileSync(join(directory, name), source);
  const started = [...Object.keys(PROGRAMS).map((name) => [name]), [COMMAND, '--version'], [COMMAND, 'run', '--help']];
  const samples = started.map((args) => ({ args, totalNs: [] as number[] }));
  for (let round = 0; round < rounds; round += 1)
    for (const { args, totalNs } of samples) totalNs.push(timeOf(directory, args));
  return samples.map(({ args, totalNs }) => {
    const empty = samples.find((one) => one.args[0] === (args[0]?.endsWith('.mjs') ? 'empty.mjs' : 'empty.cjs'));
    return {
      what: PROGRAMS[args.join()] ?? ['carrel', ...args.slice(1)].join(' '),
      totalNs: summarize(totalNs),
      emptyNs: summarize(empty?.totalNs ?? []),
    };
  });
}

function timeOf(cwd: string, args: readonly string[]): number {
  // Certificates that are added slow down every start of Node.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, DEBUG: undefined };
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  const took = process.hrtime.bigint() - began;
  if (status !== 0) throw new Error(stderr);
  return Number(took);
}
