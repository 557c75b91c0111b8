/**
 * Builds the native side with make. Elsewhere than on Linux there is nothing to build: carrel then says so when it is used.
 */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

if (process.platform === 'linux') {
  const directory = fileURLToPath(new URL('../../src-native', import.meta.url));
  const make = spawnSync('make', ['--silent', '-C', directory, `-j${availableParallelism()}`], { stdio: 'inherit' });
  if (make.error) throw make.error;
  process.exitCode = make.status ?? 1;
} else {
  console.log(`carrel: the native side is for Linux only, not built on ${process.platform}`);
}
