/**
 * Makes `docs/errors.md` from the hint table, and `docs/command-line.md` from the table of options.
 *
 * `--check` only compares, and fails when one has drifted.
 */

import { optionsHelp } from '#lib/cli/help.js';
import { CODES } from '#lib/errors/codes.js';
import type { Hint } from '#lib/errors/hints/hint.js';
import { HINTS } from '#lib/errors/hints.js';
import { generate } from './generated.js';
import { row, table } from './markdown.js';

const made = (from: string): string =>
  `<!-- Made by scripts/docs.ts from ${from}: npm run generate. Do not edit. -->\n`;

// Errors.

function errors(): string {
  const ops = [...new Set(HINTS.map(({ op }) => op))];
  const codes = Object.entries(CODES).map(([code, sentence]) => row(`\`${code}\``, sentence));
  return `${made('lib/errors/')}
# Errors

Wrong arguments throw at once, at the call that got them, with the field's name and what would be right.

What keeps a container from starting is an \`error\` event, and rejects \`result\` and \`run()\`. Where the kernel
refused a step of the plan, it is a \`StepError\`. That has Node's \`code\`, \`errno\`, \`syscall\` and \`path\`, the
\`step\`, its \`index\`, and the \`option\`: the builder call that the step came from. Nothing is left of the container
then.

What the kernel refuses Node itself before there is a plan to perform, such as a pipe (\`EMFILE\`), \`spawn\` throws. It
is a \`CarrelError\` with that \`code\`, \`errno\` and \`syscall\`.

What a command did, once it ran, is a result and no error.

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
generate('docs/command-line.md', commandLine(), 'lib/cli/options.ts');
