/**
 * Makes the constructors of `carrel/steps` and `docs/steps.md` from the step table. `--check` only compares, and fails
 * when one has drifted.
 */

import type { Field } from '#lib/plan/fields.js';
import { ENDING_OPS, fieldsOf, type Op, STEPS } from '#lib/plan/steps.js';
import { generate } from './generated.js';
import { row, table, WIDTH, wrapped } from './markdown.js';
import { type GroupText, readTable, type StepText } from './step-table.js';

const SOURCE = 'lib/plan/steps/';
const groups = readTable();
const list = (words: readonly string[], last: string): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

// The constructors.

const MARKS = { host: '*Host.* ', container: '', both: '*Host, or container.* ', server: '*Server.* ' } as const;

function constructorOf({ op, text, needs, errors, source, defaults }: StepText): string {
  const each = [...defaults].map(([name, value]) =>
    value.startsWith('`') ? `\`${name}: ${value.slice(1)}` : `\`${name}\`, ${value}`,
  );
  const details = [
    each.length === 0 ? '' : `${each.length === 1 ? 'Default' : 'Defaults'}: ${each.join('; ')}.`,
    needs === undefined ? '' : `Needs ${needs}.`,
    errors === undefined ? '' : `Errors: ${errors}`,
  ].filter((part) => part !== '');
  const paragraphs = [
    `${MARKS[STEPS[op].column]}${text}`,
    details.join(' '),
    ...(source === undefined ? [] : [`Source: ${source}.`]),
  ].filter((text) => text !== '');
  const names = [...defaults.keys()].map((name) => `'${name}'`);
  const type = `StepConstructor<'${op}'${names.length === 0 ? '' : `, ${names.join(' | ')}`}>`;
  const [left, right] = [`export const ${op}: ${type} =`, `step('${op}');`];
  return `${docstring(paragraphs)}${left}${left.length + right.length < WIDTH ? ' ' : '\n  '}${right}\n`;
}

function docstring(paragraphs: readonly string[]): string {
  const lines = paragraphs.map((text) => wrapped(text, ' * ')).join('\n *\n');
  return `/**\n${lines}\n */\n`;
}

// No caller writes the lists that are served.
const constructed = groups
  .map((group) => ({ ...group, steps: group.steps.filter(({ op }) => STEPS[op].column !== 'server') }))
  .filter(({ steps }) => steps.length > 0);

const constructors = `/** Made by scripts/steps.ts from ${SOURCE}: the constructor of every step. Do not edit. */

import { type StepConstructor, step } from './steps.js';

${constructed.map(({ heading, steps }) => `// ${heading}.\n\n${steps.map(constructorOf).join('\n')}`).join('\n')}`;

// The page.

const KINDS: Readonly<Record<Field['kind'], string>> = {
  number: 'whole number',
  integer: 'whole number, may be negative',
  boolean: '`true` or `false`',
  slot: 'slot',
  flags: 'list of names',
  choice: 'name',
  string: 'text',
  name: 'text, or bytes',
  bytes: 'bytes',
  address: 'address of IPv4 or IPv6',
  strings: 'list of texts',
  numbers: 'list of numbers',
  slots: 'list of slots',
  steps: 'list of steps',
  attempts: 'list of steps',
};
const PATHS = { host: 'path of the host', container: 'path in the container' } as const;
const COLUMNS = {
  host: 'on the host',
  container: 'in the container',
  both: 'on the host, or in the container',
  server: 'by a server, in a running container',
} as const;
const anchor = (op: Op): string => `[\`${op}\`](#${op.toLowerCase()})`;
const linked = (text: string): string => text.replace(/\{@link (\w+)\}/g, (_, op: Op) => anchor(op));

function fieldRow([name, field]: readonly [string, Field], defaults: StepText['defaults']): string {
  const names = Object.keys(field.names ?? {});
  const few = names.length > 0 && names.length <= 16 ? `: ${names.map((one) => `\`${one}\``).join(' ')}` : '';
  const word = field.ignorable === true ? ", or `'ignore'`" : '';
  const kind = field.path === undefined ? `${KINDS[field.kind]}${word}${few}` : PATHS[field.path];
  const absent = field.unique === true ? '*one that no other has*' : '*none*';
  return row(`\`${name}\``, kind, defaults.get(name) ?? (field.optional === true ? absent : ''));
}

function stepSection({ op, text, needs, errors, source, defaults }: StepText): string {
  const fields = fieldsOf(op);
  const facts = [
    `*Performed* ${COLUMNS[STEPS[op].column]}.`,
    needs === undefined ? '' : `*Needs* ${linked(needs)}.`,
    errors === undefined ? '' : `*Errors*: ${linked(errors)}`,
    source === undefined ? '' : `*Source*: ${source}.`,
  ].filter((fact) => fact !== '');
  const rows = fields.map((field) => fieldRow(field, defaults)).join('');
  const parts = [
    `### ${op}`,
    wrapped(linked(text)),
    rows === '' ? '' : `${table('field', 'type', 'default')}${rows}`.trimEnd(),
    wrapped(facts.join(' ')),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function group({ heading, text, steps }: GroupText): string {
  return `## ${heading}\n\n${text === '' ? '' : `${wrapped(linked(text))}\n\n`}${steps.map(stepSection).join('\n')}`;
}

const link = (heading: string): string => `[${heading}](#${heading.toLowerCase().replaceAll(' ', '-')})`;
const index = groups.map(({ heading, steps }) =>
  wrapped(`${link(heading)}: ${steps.map(({ op }) => anchor(op)).join(', ')}`, '  ', '- '),
);
const endings = ENDING_OPS.map(anchor);

const rules = [
  `*On the host* the supervisor performs a step: in \`before\`, in \`after\`, or among the acts of a
  ${anchor('barrier')}. *In the container* the child performs it, on its way in.`,
  `*By a server* a step is performed on demand, while the container runs. No plan has such a step.`,
  `The last step of a plan that is run is ${list(endings, 'or')}.`,
  `*Rights over* a namespace are capabilities in the user namespace that it belongs to. A plan whose \`clone\` has a new
  user namespace has them all, until ${anchor('setCapabilities')}.`,
  'A *slot* is a number that stands for a descriptor: those that the caller sends come first, steps fill others.',
  `A field that has a default may be left out; all others are required. With the default *none* the step does without
  it.`,
];

const page = `<!-- Made by scripts/steps.ts from ${SOURCE}: npm run generate. Do not edit. -->

# Steps

A step is one act of the kernel, as plain data. A plan is a list of steps; \`explain()\` prints it. \`carrel/steps\` has
a constructor for each step of a plan, of the same name. It takes the fields as an object, checks them, and gives a
frozen value.

\`\`\`ts
import { mount } from 'carrel/steps';

console.log(mount({ type: 'tmpfs', target: '/tmp', options: ['size=64m'] }));
\`\`\`
\`\`\`text
{
  op: 'mount',
  type: 'tmpfs',
  target: '/tmp',
  options: [ 'size=64m' ],
  attributes: [],
  nofollow: false,
  own: true
}
\`\`\`

${rules.map((rule) => wrapped(rule, '  ', '- ')).join('\n')}

The steps by group:

${index.join('\n')}

${groups.map(group).join('\n')}`;

generate('lib/definition/step-constructors.ts', constructors, SOURCE);
generate('docs/steps.md', page, SOURCE);
