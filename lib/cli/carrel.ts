#!/usr/bin/env node
/** The command `carrel`: what it does without anything of carrel's is here, all else is its commands'. */

import { writeSync } from 'node:fs';
import { ownPackage } from '../launch/package.js';
import { perform } from './commands.js';

const OVERVIEW = `carrel: containers without a daemon

  carrel run [OPTION…] [--] COMMAND [ARGUMENT…]      runs a command in a container
  carrel explain [OPTION…] [--] [COMMAND …]           prints every act of a run, and performs none
  carrel doctor [OPTION…]                             tries what this machine allows you, and says what would help
  carrel install-launcher PATH                        writes the launcher to a file that AppArmor can know
  carrel --version

carrel run --help lists the options. Without any, a command sees this machine's programs and none of its data.
`;

const [STDOUT, STDERR] = [1, 2];

async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case '--help':
    case '-h':
    case 'help':
      return print(STDOUT, OVERVIEW, 0);
    case '--version':
    case '-V':
      return print(STDOUT, `${ownPackage()?.version}\n`, 0);
    case undefined:
      return print(STDERR, OVERVIEW, 125);
    default:
      return perform(command, args);
  }
}

/** At once: to make a stream of a descriptor takes Node a tenth of the time of an empty program. */
function print(descriptor: number, text: string, status: number): number {
  writeSync(descriptor, text);
  return status;
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
