/**
 * `npm test [-- FILTER …]`: runs every leg that this user can run, and sums up.
 *
 * Filters are parts of file names.
 *
 * As root, all legs run in one private mount namespace; nothing that is mounted there is left when it ends.
 */

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOf, type Leg, legsOf, recordsPath, runLeg } from './legs.js';
import { removeTree } from './remove-tree.js';
import type { TestRecord } from './reporter.js';
import { closingLine, failureLines, hasFailed, skipLines } from './results.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
/** Where the skips and all the records go. */
const results = process.env.CARREL_TEST_RESULTS ?? join(checkout, 'build');
const filters = process.argv.slice(2);
const uid = process.getuid?.() ?? -1;
const legs = legsOf(uid);

// The tests end by themselves at Ctrl-C; what they leave is still to be removed.
process.on('SIGINT', () => undefined);
const base = mkdtempSync(join(uid === 0 ? '/var/tmp' : tmpdir(), 'carrel-test-'));
let content: boolean;
let records: ReadonlyMap<Leg, readonly TestRecord[]>;
try {
  chmodSync(base, 0o755);
  content = uid === 0 ? await runInPrivateNamespace() : await runAsUser();
  records = new Map(legs.map((leg) => [leg, readRecords(leg)]));
} finally {
  removeTree(base);
}
const complaints = [...(content ? [] : ['not every leg ended well']), ...idleLegs(), ...nullDevice()];
report();

function runInPrivateNamespace(): Promise<boolean> {
  const inside = fileURLToPath(new URL('inside.js', import.meta.url));
  const command = [process.execPath, '--enable-source-maps', inside, base, ...filters];
  const child = spawn('unshare', ['--mount', '--propagation', 'private', ...command], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function runAsUser(): Promise<boolean> {
  let content = true;
  for (const leg of legs) {
    const files = filesOf(leg, checkout, filters);
    const options = { checkout, base, node: process.execPath };
    content = (files.length === 0 || (await runLeg(leg, files, options))) && content;
  }
  return content;
}

function readRecords(leg: Leg): readonly TestRecord[] {
  const path = recordsPath(base, leg);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line) as TestRecord);
}

/** With filters, a leg may have no file; then another has. */
function idleLegs(): readonly string[] {
  const expected = legs.filter((leg) => filters.length === 0 || filesOf(leg, checkout, filters).length > 0);
  if (expected.length === 0) return ['no test file has such a name'];
  const idle = expected.filter((leg) => !records.get(leg)?.some(({ outcome }) => outcome !== 'skipped'));
  return idle.map((leg) => `leg ${leg.name} executed no test`);
}

/** A container engine that gives /dev/null away breaks the machine; it has happened to others. */
function nullDevice(): readonly string[] {
  const { mode, rdev, uid, gid } = statSync('/dev/null');
  const found = `mode ${mode.toString(8)}, device ${rdev >> 8}:${rdev & 0xff}, owner ${uid}:${gid}`;
  const ids = process.getuid?.() === 0 ? [0, 0] : [uid, gid];
  const good = mode === 0o20666 && rdev === 0x103 && uid === ids[0] && gid === ids[1];
  return good ? [] : [`/dev/null is changed: ${found}`];
}

function report(): void {
  const all = [...records].flatMap(([leg, list]) => list.map((record) => ({ ...record, leg: leg.name })));
  const skips = skipLines(all);
  writeFileSync(join(results, 'skips.txt'), skips.map((line) => `${line}\n`).join(''));
  writeFileSync(join(results, 'records.jsonl'), all.map((record) => `${JSON.stringify(record)}\n`).join(''));

  if (skips.length > 0) console.log(`\nskipped (build/skips.txt):\n  ${skips.join('\n  ')}`);
  for (const line of failureLines(all)) console.log(line);
  for (const complaint of complaints) console.log(`carrel tests: ${complaint}`);
  console.log(closingLine(all));
  process.exitCode = complaints.length > 0 || hasFailed(all) ? 1 : 0;
}
