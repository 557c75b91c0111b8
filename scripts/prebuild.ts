/**
 * `npm run prebuild [-- --all]`: makes prebuilds/linux-x64 and prebuilds/linux-arm64, each one file for glibc and musl alike. npm runs it before every
 * `npm run build` as well. The other architecture is left out where there is no compiler for it, which with `--all` is an error.
 *
 * Elsewhere than on Linux there is nothing to build: carrel then says so when it is used.
 */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' } as const;

const directory = fileURLToPath(new URL('../../src-native', import.meta.url));
const all = process.argv.includes('--all');

if (process.platform !== 'linux') {
  console.log(`carrel: the native side is for Linux only, not built on ${process.platform}`);
} else {
  for (const [arch, compiler] of Object.entries(COMPILERS)) {
    if (arch === process.arch) make();
    else if (all || runs(compiler)) make(`CC=${compiler}`);
    else leaveOut(arch, compiler);
  }
}

function make(...args: readonly string[]): void {
  const options = ['--silent', '-C', directory, `-j${availableParallelism()}`, ...args];
  const { error, status, signal } = spawnSync('make', options, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`make ${args.join(' ')}: ${signal ?? `exit code ${status}`}`);
}

function runs(compiler: string): boolean {
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What cannot be built now is not left from some other time. */
function leaveOut(arch: string, compiler: string): void {
  rmSync(new URL(`../../prebuilds/linux-${arch}`, import.meta.url), { recursive: true, force: true });
  console.log(`carrel: no ${compiler}, so nothing is built for ${arch}`);
}
