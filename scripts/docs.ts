/**
 * Makes `docs/errors.md` from the hint table, `docs/steps.md` from the step table and its constructors, and
 * `docs/command-line.md` from the table of options.
 *
 * `--check` only compares, and fails when one has drifted.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { optionsHelp } from '#lib/cli/help.js';
import { CODES } from '#lib/errors/codes.js';
import type { Hint } from '#lib/errors/hints/hint.js';
import { HINTS } from '#lib/errors/hints.js';
import type { Field } from '#lib/plan/fields.js';
import { fieldsOf, type Op, STEPS } from '#lib/plan/steps.js';
import { generate } from './generated.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const made = (from: string): string =>
  `<!-- Made by scripts/docs.ts from ${from}: npm run generate. Do not edit. -->\n`;
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
const table = (...heads: readonly string[]): string => row(...heads) + row(...heads.map(() => '---'));

// Errors.

function errors(): string {
  const ops = [...new Set(HINTS.map(({ op }) => op))];
  const codes = Object.entries(CODES).map(([code, sentence]) => row(`\`${code}\``, sentence));
  return `${made('lib/errors/')}
# Errors

Wrong arguments throw at once, at the call that got them, with the field's name and what would be right. What keeps a container from starting is an \`error\`
event, and rejects \`result\` and \`run()\`: a \`StepError\` where the kernel refused a step of the plan, with Node's \`code\`, \`errno\`, \`syscall\` and \`path\`, the \`step\`,
its \`index\`, and the \`option\`, the builder call that it came from. Nothing is left of the container then. What a command did, once it ran, is a result and no error.

## Codes of carrel's own

${table('code', 'what it says')}${codes.join('')}
## A refused step, and what most likely helps

The first row that fits is the error's \`hint\`. Words in braces stand for what the error is about.

${ops
  .map(
    (op) =>
      `### ${title(op)}\n\n${table('error', 'what most likely helps')}${HINTS.filter((hint) => hint.op === op)
        .map(hintRow)
        .join('')}`,
  )
  .join('\n')}`;
}

function title(op: Hint['op']): string {
  if (op === 'any') return 'Any step';
  return op === 'clone' ? 'The clone of the container’s process' : `[\`${op}\`](steps.md#${op.toLowerCase()})`;
}

function hintRow({ error, syscall, when, text }: Hint): string {
  const by = syscall === undefined ? '' : ` by \`${syscall}\``;
  return row(`\`${error}\`${by}${when === undefined ? '' : `, ${when.words}`}`, text.replace(/\{(\w+)\}/g, '*{$1}*'));
}

// Steps.

interface Constructor {
  readonly op: Op;
  readonly doc: string;
  readonly section: string;
}

/** The constructors in the order of the source, below the comments that part it. */
function constructors(): readonly Constructor[] {
  const found: Constructor[] = [];
  for (const source of ['lib/steps.ts', ...below('lib/steps')].map(read)) {
    let section = '';
    const parts = /^\/\/ ([A-Z][^\n]*)$|^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+): /gm;
    for (const [, comment, doc = '', name = ''] of source.matchAll(parts)) {
      if (comment !== undefined) section = comment;
      else if (name in STEPS) found.push({ op: name as Op, doc: prose(doc), section });
    }
  }
  const missing = Object.keys(STEPS).filter((op) => !found.some((one) => one.op === op));
  if (missing.length > 0) throw new Error(`no constructor with a docstring for ${missing.join(', ')}`);
  return found;
}

function below(directory: string): readonly string[] {
  try {
    return readdirSync(new URL(directory, root)).map((name) => `${directory}/${name}`);
  } catch {
    return []; // One file holds them all.
  }
}

function prose(doc: string): string {
  const lines = doc.split('\n').map((line, index) => (index === 0 ? line : line.replace(/^\s*\*/, '')).trim());
  const text = lines.join(' ').replace(/\s+/g, ' ').trim();
  return text.replace(/\{@link (\w+)\}/g, '`$1`').replace(/ @(\w+) /g, '\n\n*$1* ');
}

const KINDS: Readonly<Record<Field['kind'], string>> = {
  number: 'a number',
  integer: 'a whole number, which may be negative',
  boolean: '`true` or `false`',
  slot: 'a slot',
  flags: 'a list of names',
  choice: 'a name',
  string: 'a text',
  bytes: 'bytes',
  strings: 'a list of texts',
  numbers: 'a list of numbers',
  slots: 'a list of slots',
  steps: 'a list of steps',
};

function fieldRow([name, field]: readonly [string, Field]): string {
  const names = Object.keys(field.names ?? {});
  const few = names.length > 0 && names.length <= 16 ? `: ${names.map((one) => `\`${one}\``).join(' ')}` : '';
  return row(`\`${name}\`${field.optional === true ? ', may be left out' : ''}`, `${KINDS[field.kind]}${few}`);
}

const COLUMNS = {
  host: 'on the host',
  container: 'in the container',
  both: 'on the host, or in the container',
} as const;

function stepSection({ op, doc }: Constructor): string {
  const fields = fieldsOf(op);
  const fieldTable = fields.length === 0 ? '' : `\n${table('field', 'is')}${fields.map(fieldRow).join('')}`;
  return `### ${op}\n\nPerformed ${COLUMNS[STEPS[op].column]}. ${doc.replace(/^\*Host[^*]*\*\s*/, '')}\n${fieldTable}`;
}

function steps(): string {
  const all = constructors();
  const sections = [...new Set(all.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const own = all.filter((one) => one.section === section);
    return `## ${section.replace(/\.$/, '')}\n\n${own.map(stepSection).join('\n')}`;
  });
  return `${made('lib/plan/steps.ts and lib/steps.ts')}
# Steps

A plan is a list of these. \`carrel/steps\` has a constructor for each, of the same name; it takes the fields as an object, and those that have a default only where they
differ from it. *On the host* a step is performed by the supervisor: in \`before\`, in \`after\`, or among the acts of a \`barrier\`; *in the container* by the child, on its way in.
A slot is a number that stands for a descriptor.

${parts.join('\n')}`;
}

// The command line.

function commandLine(): string {
  return `${made('lib/cli/options.ts')}
# The command line

\`carrel run\` and \`carrel explain\` take the same options.

\`\`\`
${optionsHelp('run').trimEnd()}
\`\`\`
`;
}

generate('docs/errors.md', errors(), 'lib/errors/');
generate('docs/steps.md', steps(), 'lib/plan/steps.ts and lib/steps.ts');
generate('docs/command-line.md', commandLine(), 'lib/cli/options.ts');
