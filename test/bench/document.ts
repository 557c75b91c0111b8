/**
 * Makes docs/performance.md, with its chart, of what a run found.
 *
 * It keeps what stands outside of the two marks there: that is written by hand.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { wrapped } from '#lib/cli/help.js';
import { chart } from './chart.js';
import { quietness, sections } from './report.js';
import type { Results } from './results.js';

const WIDTH = 120;
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
      ...wrapped(note, WIDTH),
      '',
      row(head),
      row(head.map((_, column) => (column === 0 ? '---' : '--:'))),
      ...rows.map(row),
    ].join('\n'),
  );
  const skipped = results.skipped.map((line) => `- ${escaped(line)}`);
  return [
    ...introduction(results).map((paragraph) => wrapped(paragraph, WIDTH).join('\n')),
    '![Time of one container, side by side](performance.svg)',
    ...tables,
    ...(skipped.length === 0 ? [] : [`## Not measured\n\n${skipped.join('\n')}`]),
  ].join('\n\n');
}

function introduction({ machine }: Results): readonly string[] {
  const { processor, processors, memoryBytes, kernel, system, node, user, where, date, versions } = machine;
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`;
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `\`npm run bench -- --write-docs\` wrote this page on ${date}, as ${user}; starts run on ${where}.`,
    `The machine: ${processor} (${processors} processors), ${memory}, ${system}, Linux ${kernel}, Node.js ${node}.`,
    ...(others.length === 0 ? [] : [`The others: ${others.join(', ')}.`]),
    quietness(machine),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
