/**
 * `npm run prebuild [-- --all --werror]`: makes prebuilds/linux-x64 and prebuilds/linux-arm64, each one file for glibc
 * and musl alike. npm runs it before every `npm run build` as well. Without a compiler for the other architecture that
 * one is left out, which with `--all` is an error. With `--werror` a warning is an error too.
 *
 * Elsewhere than on Linux there is nothing to build: carrel then says so when it is used.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ARCHITECTURES, buildAddon, compilerOf, removeAddon } from './addon.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const all = process.argv.includes('--all');
const werror = process.argv.includes('--werror');

if (process.platform !== 'linux') {
  console.log(`carrel: the native side is for Linux only, not built on ${process.platform}`);
} else {
  for (const arch of ARCHITECTURES) {
    const compiler = compilerOf(arch);
    if (arch === process.arch || all || runs(compiler)) {
      buildAddon({ arch, root, werror });
    } else {
      removeAddon(arch, root);
      console.log(`carrel: no ${compiler}, so nothing is built for ${arch}`);
    }
  }
}

function runs(compiler: string): boolean {
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
}
