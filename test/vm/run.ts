/**
 * `npm run test:vm [-- GUEST …] [FILTER …]` runs tests on other kernels (guests.ts), in all guests or the named ones.
 *
 * Filters are parts of file names, as of `npm test`. As root; CONTRIBUTING.md says which Debian packages it needs.
 *
 * A guest runs `npm test`'s own runner. What it prints is in build/vm, with the skips of each guest.
 */

import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closingLine, failureLines, hasFailed, type Result, skipLines } from '../support/results.js';
import { GUESTS, type Guest } from './guests.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const results = join(checkout, 'build/vm');
const isGuest = (word: string): boolean => GUESTS.some(({ name }) => name === word);
const words = process.argv.slice(2);
const filters = words.filter((word) => !isGuest(word));
const guests = GUESTS.filter(({ name }) => words.includes(name) || !words.some(isGuest));

// The scripts switch their guests off at Ctrl-C, and end.
process.on('SIGINT', () => undefined);
mkdirSync(results, { recursive: true });
const all: Result[] = [];
let content = true;
for (const guest of guests) {
  const boots = await Promise.all(guest.boots.map((legs, index) => boot(guest, legs, index)));
  content &&= boots.every(({ ended }) => ended);
  const found = boots.flatMap(({ found }) => found);
  const skips = skipLines(found);
  writeFileSync(join(results, `skips-${guest.name}.txt`), skips.map((line) => `${line}\n`).join(''));
  all.push(...found.map((result) => ({ ...result, leg: `${guest.name}, ${result.leg}` })));
}
for (const line of failureLines(all)) console.log(line);
console.log(closingLine(all));
process.exitCode = content && !hasFailed(all) ? 0 : 1;

interface Boot {
  /** Whether all was well. */
  readonly ended: boolean;
  readonly found: readonly Result[];
}

async function boot(guest: Guest, legs: readonly string[], index: number): Promise<Boot> {
  const name = `${guest.name}-${legs.join('-')}`;
  const out = join(results, name);
  const log = `${out}.log`;
  rmSync(out, { recursive: true, force: true });
  const began = performance.now();
  const code = await start(guest, legs, index, out, log);
  const found = readResults(join(out, 'records.jsonl'));
  const seconds = Math.round((performance.now() - began) / 1000);
  if (code !== 0) console.log(readFileSync(log, 'utf8'));
  const end = code === 0 ? '' : `; it ended with ${code}`;
  console.log(`${name}: ${closingLine(found).replace('carrel: ', '')}, ${seconds} s${end}`);
  return { ended: code === 0, found };
}

/** Resolves to the script's status. */
async function start(guest: Guest, legs: readonly string[], index: number, out: string, log: string): Promise<number> {
  const [script, ...options] = guest.script;
  const cpu = guest.boots.length > 1 ? ['-c', `${index}`] : [];
  const environment = [`CARREL_TEST_LEGS=${legs}`, 'CARREL_TEST_RESULTS=/out', `CI=${process.env.CI ?? ''}`];
  const tests = [guest.node, 'build/test/support/run.js', ...(filters.length > 0 ? filters : guest.files)];
  const args = [...options, ...cpu, '-t', `${guest.limitSeconds}`, '-o', out, '--', 'env', ...environment, ...tests];
  const child = spawn(join(checkout, 'test/vm', script), args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => file.end(() => resolve(code ?? 125)));
  });
}

function readResults(path: string): readonly Result[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Result);
}
