/**
 * Makes `lib/seccomp/syscalls.ts`: the number of every system call, from the kernel's headers (package linux-libc-dev).
 *
 * `--check` only compares, and fails when the file has drifted.
 */

import { readFileSync } from 'node:fs';
import { generate } from './generated.js';

/** Names and numbers as `#define __NR_name number` has them; generic headers define some by other names first. */
function parse(header: string): Map<string, number> {
  const text = readFileSync(header, 'utf8');
  const numbers = new Map<string, number>();
  for (const [, name, number] of text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)) {
    if (name !== undefined && name !== 'syscalls') numbers.set(name, Number(number));
  }
  // The generic table names 3264_ calls for both widths; 64-bit machines use the plain name.
  numbers.delete('arch_specific_syscall');
  return numbers;
}

function table(numbers: Map<string, number>): string {
  return [...numbers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, number]) => `    ${name}: ${number},`)
    .join('\n');
}

const text = `/** Made by scripts/syscalls.ts from the kernel's headers: the number of each system call. Do not edit. */

type Architecture = 'x64' | 'arm64';

const SYSCALLS: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = {
  x64: {
${table(parse('/usr/include/x86_64-linux-gnu/asm/unistd_64.h'))}
  },
  arm64: {
${table(parse('/usr/include/asm-generic/unistd.h'))}
  },
};

/** The name of a system call of this machine. */
export function syscallName(number: number): string {
  const names = SYSCALLS[process.arch as Architecture] ?? {};
  return Object.keys(names).find((name) => names[name] === number) ?? \`syscall \${number}\`;
}
`;

generate('lib/seccomp/syscalls.ts', text, 'the kernel headers');
