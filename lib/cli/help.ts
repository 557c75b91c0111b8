/** What `--help` says. */

import { OPTIONS } from './options.js';

const WIDTH = 100;
const LEFT = 30;

export const OVERVIEW = `carrel: containers without a daemon

  carrel run [OPTION…] [--] COMMAND [ARGUMENT…]      runs a command in a container
  carrel explain [OPTION…] [--] [COMMAND …]          prints every act that this would take, and takes none
  carrel doctor [OPTION…]                             tries what this machine lets you do, and says what would help
  carrel --version

carrel run --help lists the options. Without any, a command sees this machine's programs and none of its data.
`;

export const DOCTOR = `carrel doctor [OPTION…]

Tries what containers need on this machine, as you, and says what would help. Nothing is changed.
Ends with 0 if containers can be started, with 1 if not.

      --directory DIR         where root file systems will be: whether its owners can be mapped is tried there
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

const RUN_ENDING = `Ends as the command does: with its exit status, with 128 + n where signal n ended it, with 124 where its time or
CPU time was up; with 125 where carrel failed, 126 where the command cannot be executed, 127 where there is none.

  carrel run -it sh
  carrel run --rootfs ./alpine --bind .:/work:ro --cwd /work --timeout 30s sh test.sh
`;

const EXPLAIN_ENDING = `What the host does is on the left, what the container does on the right. Nothing is started.
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
