/** A report of the doctor, to be read. */

import type { DoctorReport, Finding, OptionFinding, Verdict } from '../doctor/findings.js';
import { wrapped } from './help.js';

/** How wide a report is, whatever the terminal: what is wider is hard to read, what is narrower cuts names. */
const LEAST = 80;
const MOST = 120;

/** One line a finding, and below it what would help; then what the options do here. */
export function doctorText({ ok, findings, options }: DoctorReport, columns = MOST): string {
  const width = Math.min(Math.max(columns, LEAST), MOST);
  const said = new Set<string>();
  const parts = [
    ...entries(
      findings.map((finding, index) => ({ ...shortened(finding, findings.slice(0, index)), mark: mark(finding) })),
      width,
      said,
    ),
    ...(options.length === 0 ? [] : ['', ...optionLines(options, width, said)]),
  ];
  const end = ok ? 'Containers can start here.' : 'The default container cannot start here: see the lines with ✗.';
  return `${parts.join('\n')}\n\n${end}\n`;
}

/** What fails as another one does, as all of them do without the launcher, says which. */
function shortened(finding: Finding, earlier: readonly Finding[]): Finding {
  const first = finding.ok ? undefined : earlier.find(({ ok, detail }) => !ok && detail === finding.detail);
  return first === undefined ? finding : { ...finding, detail: `as ${first.name}` };
}

function mark({ ok, needed }: Finding): string {
  if (ok) return '✓';
  return needed ? '✗' : '–';
}

interface Entry {
  readonly mark: string;
  readonly name: string;
  readonly detail: string;
  readonly remedy?: string;
}

/** Ten with the same cause say the remedy once. */
function entries(all: readonly Entry[], width: number, said: Set<string>): readonly string[] {
  const column = Math.max(...all.map(({ name }) => name.length)) + 4;
  const paragraph = (first: string, text: string): readonly string[] => {
    const [line = '', ...rest] = wrapped(text, width - column);
    return [`${first.padEnd(column)}${line}`, ...rest.map((more) => `${' '.repeat(column)}${more}`)];
  };
  return all.flatMap(({ mark: sign, name, detail, remedy }) => {
    const lines = paragraph(`${sign} ${name}`, detail);
    if (remedy === undefined || said.has(remedy)) return lines;
    // What was said already, and more: then that is what is new.
    const known = [...said].find((one) => remedy.startsWith(`${one}; `));
    said.add(remedy);
    const [first = '', ...rest] = wrapped(
      known === undefined ? remedy : `or ${remedy.slice(known.length + 2)}`,
      width - column - 2,
    );
    const arrow = `${' '.repeat(column)}→ ${first}`;
    return [...lines, arrow, ...rest.map((more) => `${' '.repeat(column + 2)}${more}`)];
  });
}

/** What works, in one paragraph, and what fails for one reason in another; all else by its own line. */
function optionLines(options: readonly OptionFinding[], width: number, said: Set<string>): readonly string[] {
  const groups = new Map<string, OptionFinding[]>();
  for (const one of options) {
    const reason = one.verdict === 'works' ? '' : (one.because[0] ?? one.detail);
    const key = `${one.verdict} ${reason}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const all = [...groups.values()].map(groupEntry).sort((a, b) => ORDER.indexOf(a.mark) - ORDER.indexOf(b.mark));
  return ['Options, as they are here:', ...entries(all, width, said).map((line) => line.replaceAll(NO_BREAK, ' '))];
}

const WORDS = { works: '✓ works', weaker: '– weaker', fails: '✗ fails' } as const satisfies Record<Verdict, string>;
const ORDER = Object.values(WORDS).map((words) => words.charAt(0));
const NO_BREAK = '\u00a0';

/** What has the same reason: that stands above, where there are several. */
function groupEntry(group: readonly OptionFinding[]): Entry {
  const [first] = group;
  if (first === undefined) throw new TypeError('a group has a first one');
  const { verdict, detail, because, remedy } = first;
  // Where a line ends, no option does in its middle.
  const names = group.map(({ option }) => option.replaceAll(' ', NO_BREAK)).join(', ');
  const why = group.length === 1 || because[0] === undefined ? detail : `see ${because[0]} above`;
  // What the start would throw may begin with the option.
  const told = why.startsWith(`${first.option}: `) ? why.slice(first.option.length + 2) : why;
  const [mark = '', name = ''] = WORDS[verdict].split(' ');
  return {
    mark,
    name,
    detail: verdict === 'works' ? names : `${names}: ${told}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}
