/** What `--help` says. */

import { OPTIONS } from './options.js';

const WIDTH = 100;
const LEFT = 30;

export const DOCTOR = `carrel doctor [OPTION…]

Tries what containers need on this machine, as you, and says what would help. It changes nothing.
Ends with 0 if containers can start here, with 1 if not.

      --directory DIR         where root file systems will be: tries whether the kernel can map owners there
      --json                  the report as JSON
`;

/** The help of `run` or `explain`, from the table of options. */
export function optionsHelp(subcommand: 'run' | 'explain'): string {
  const groups = [...new Set(OPTIONS.map(({ group }) => group))];
  const usage =
    subcommand === 'run'
      ? 'carrel run [OPTION…] [--] COMMAND [ARGUMENT…]'
      : 'carrel explain [OPTION…] [--] [COMMAND [ARGUMENT…]]';
  const sections = groups.map((group) => {
    const options = OPTIONS.filter((option) => option.group === group);
    return `${group}\n${options.map((option) => entry(option.name, option.short, option.value, option.help)).join('')}`;
  });
  return `${usage}\n\n${sections.join('\n')}\n${subcommand === 'run' ? RUN_ENDING : EXPLAIN_ENDING}`;
}

const RUN_ENDING = `carrel run ends with the exit status of the command, or with:

  124      its time or CPU time was up
  125      carrel failed
  126      the command cannot be executed
  127      there is no such command
  128 + n  signal n ended it

  carrel run -it sh
  carrel run --rootfs ./alpine --bind .:/work:ro --cwd /work --timeout 30s sh test.sh
`;

const EXPLAIN_ENDING = `The left column shows what the host does, the right one what the container does. Nothing starts.
`;

function entry(name: string, short: string | undefined, value: string | undefined, help: string): string {
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  const lines = wrapped(help, WIDTH - LEFT);
  const [first = '', ...rest] = lines;
  const head = left.length < LEFT - 1 ? `${left.padEnd(LEFT)}${first}\n` : `${left}\n${' '.repeat(LEFT)}${first}\n`;
  return head + rest.map((line) => `${' '.repeat(LEFT)}${line}\n`).join('');
}

/** The lines of `text`, none longer than `width` unless one word is. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
