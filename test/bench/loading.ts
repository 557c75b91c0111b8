/** What loading carrel adds to the time of a Node program: whole processes, from their start to their end, in turns. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Loading } from './results.js';
import { summarize } from './statistics.js';

/** Each is compared with the empty one of its kind. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'empty.mjs': '// an empty file',
  'import.mjs': "import 'carrel';",
  'import-plan.mjs': "import 'carrel/plan';",
  'import-syscalls.mjs': "import 'carrel/syscalls';",
  'empty.cjs': '// an empty CommonJS file',
  'require.cjs': "require('carrel');",
};
/** Arguments of the command line. */
const COMMANDS = [['--version'], ['run', '--help'], ['run', 'true']];

interface Program {
  /** Where it lies, beside carrel. */
  readonly cwd: string;
  readonly args: readonly string[];
  readonly what: string;
  readonly totalNs: number[];
}

/**
 * Writes the programs into `directory`, beside each of these checkouts, and starts each so many times.
 *
 * @returns What was found, checkout by checkout.
 */
export function measureLoading(
  directory: string,
  rounds: number,
  checkouts: readonly string[],
): readonly (readonly Loading[])[] {
  const kinds = checkouts.map((checkout, index) => programsBeside(checkout, join(directory, `loading-${index}`)));
  // One program of each checkout after the other: they are compared.
  const turns = (kinds[0] ?? []).flatMap((_, index) => kinds.flatMap((programs) => programs[index] ?? []));
  for (const program of turns) timeOf(program);
  for (let round = 0; round < rounds; round += 1)
    for (const program of round % 2 === 0 ? turns : [...turns].reverse()) program.totalNs.push(timeOf(program));
  return kinds.map((programs) =>
    programs.map(({ args, what, totalNs }) => {
      const empty = programs.find((one) => one.args[0] === (args[0]?.endsWith('.mjs') ? 'empty.mjs' : 'empty.cjs'));
      return { what, totalNs: summarize(totalNs), emptyNs: summarize(empty?.totalNs ?? []) };
    }),
  );
}

function programsBeside(checkout: string, cwd: string): readonly Program[] {
  mkdirSync(join(cwd, 'node_modules'), { recursive: true });
  symlinkSync(checkout, join(cwd, 'node_modules/carrel'));
  for (const [name, source] of Object.entries(PROGRAMS)) writeFileSync(join(cwd, name), source);
  return [
    ...Object.entries(PROGRAMS).map(([name, source]) => ({
      cwd,
      args: [name],
      what: source.replace('// ', ''),
      totalNs: [],
    })),
    ...COMMANDS.map((args) => ({
      cwd,
      args: [join(checkout, 'dist/carrel.cjs'), ...args],
      what: ['carrel', ...args].join(' '),
      totalNs: [],
    })),
  ];
}

function timeOf({ cwd, args }: Program): number {
  // Certificates that are added slow down every start of Node.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, DEBUG: undefined };
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  const took = process.hrtime.bigint() - began;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return Number(took);
}
