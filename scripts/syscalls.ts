/**
 * Makes `lib/seccomp/syscalls.ts`: the number of every system call, from the kernel's headers (package linux-libc-dev),
 * as the preprocessor reads them.
 *
 * `--check` only compares, and fails when the file has drifted.
 */

import { execFileSync } from 'node:child_process';
import { generate } from './generated.js';

/** Calls that are newer than Debian's headers. Their numbers are the same on all architectures. Linux 6.5 to 6.17 */
const NEWER: Readonly<Record<string, number>> = {
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
};
/** The same, of x86-64 alone. Linux 6.11 and 6.18 */
const NEWER_X64: Readonly<Record<string, number>> = { uretprobe: 335, uprobe: 336 };

/** What arm64 has of the calls that new architectures lack, arch/arm64/include/uapi/asm/unistd.h. */
const ARM64 = ['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'TIME32_SYSCALLS', 'SYS_CLONE3', 'MEMFD_SECRET'].map(
  (name) => `-D__ARCH_WANT_${name}`,
);

/** Names and numbers as the preprocessor has them in the end; a name may stand for another one. */
function numbersOf(header: string, options: readonly string[] = []): Readonly<Record<string, number>> {
  const text = execFileSync('gcc', ['-E', '-dM', ...options, '-include', header, '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
  });
  const defined = new Map([...text.matchAll(/^#define (__NR\w*) (\w+)$/gm)].map(([, name, value]) => [name, value]));
  const numberOf = (value: string | undefined): number =>
    value !== undefined && defined.has(value) ? numberOf(defined.get(value)) : Number(value);
  return Object.fromEntries(
    [...defined]
      .flatMap(([name, value]) => (name?.startsWith('__NR_') ? [[name.slice('__NR_'.length), numberOf(value)]] : []))
      // How many there are, and where an architecture may have its own.
      .filter(([name, number]) => Number.isInteger(number) && name !== 'syscalls' && name !== 'arch_specific_syscall'),
  );
}

const x64 = { ...NEWER, ...NEWER_X64, ...numbersOf('/usr/include/x86_64-linux-gnu/asm/unistd_64.h') };
const arm64 = { ...NEWER, ...numbersOf('/usr/include/asm-generic/unistd.h', ARM64) };
const x86 = numbersOf('/usr/include/x86_64-linux-gnu/asm/unistd_32.h');

function table(numbers: Readonly<Record<string, number>>): string {
  return sorted(numbers)
    .map((name) => `    ${name}: ${numbers[name]},`)
    .join('\n');
}

function sorted(names: object): readonly string[] {
  return Object.keys(names).sort((a, b) => (a < b ? -1 : 1));
}

const foreign = sorted(x86).filter((name) => !(name in x64) && !(name in arm64));

const text = `/** Made by scripts/syscalls.ts from the kernel's headers: the number of each system call. Do not edit. */

/** An architecture that carrel runs on, as Node names it. */
export type Architecture = 'x64' | 'arm64';

/** By name. */
export const SYSCALLS: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = {
  x64: {
${table(x64)}
  },
  arm64: {
${table(arm64)}
  },
};

/** What other architectures have, and these do not: calls of 32 bits. */
export const FOREIGN_SYSCALLS: readonly string[] = [
${foreign.map((name) => `  '${name}',`).join('\n')}
];

/** The name of a system call of this machine. */
export function syscallName(number: number): string {
  const names = SYSCALLS[process.arch as Architecture] ?? {};
  return Object.keys(names).find((name) => names[name] === number) ?? \`syscall \${number}\`;
}
`;

generate('lib/seccomp/syscalls.ts', text, 'the kernel headers');
