/**
 * docs/performance.md, with its chart, of what a run found.
 *
 * What stands outside of the two marks there is written by hand, and kept.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.js';
import { sections } from './report.js';
import type { Machine, Results } from './results.js';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';
const FRESH = `# Performance\n\n${BEGIN}\n${END}\n`;

/** Writes performance.md, performance.svg and performance.json into `docs`. */
export function writeDocument(docs: URL, results: Results): void {
  const path = new URL('performance.md', docs);
  const old = existsSync(path) ? readFileSync(path, 'utf8') : FRESH;
  const [before, after] = [old.indexOf(BEGIN), old.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`performance.md has no ${BEGIN} … ${END}`);
  writeFileSync(path, `${old.slice(0, before)}${BEGIN}\n${generated(results)}\n${old.slice(after)}`);
  writeFileSync(new URL('performance.svg', docs), chart(results));
  writeFileSync(new URL('performance.json', docs), `${JSON.stringify(results, null, 2)}\n`);
}

function generated(results: Results): string {
  const tables = sections(results).map(({ title, note, head, rows }) =>
    [
      `## ${title}`,
      '',
      note,
      '',
      row(head),
      row(head.map((_, column) => (column === 0 ? '---' : '--:'))),
      ...rows.map(row),
    ].join('\n'),
  );
  const skipped = results.skipped.map((line) => `- ${escaped(line)}`);
  return [
    `Written by \`npm run bench -- --write-docs\`${results.short ? ', **in its short form: the numbers mean little**' : ''}, on ${machineText(results.machine)}`,
    '![Time of one container, side by side](performance.svg)',
    ...tables,
    ...(skipped.length === 0 ? [] : [`## Not measured\n\n${skipped.join('\n')}`]),
  ].join('\n\n');
}

function machineText(machine: Machine): string {
  const { processor, processors, memoryBytes, kernel, system, node, user, where, date, versions } = machine;
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${processor} (${processors} processors), ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system}, Linux ${kernel}, Node.js ${node}`,
    `as ${user}, starts on ${where}, ${date}.${others.length === 0 ? '' : ` Others: ${others.join(', ')}.`}`,
  ].join('; ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
