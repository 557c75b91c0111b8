/**
 * Runs every leg inside the private mount namespace that run.ts made: `inside.js BASE [FILTER …]`.
 *
 * The checkout appears on /mnt, because it may lie below a directory that only root can enter; /tmp is empty and nobody else's.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOf, legsOf, NOBODY, runLeg } from './legs.js';

const CHECKOUT = '/mnt';
const [base = '', ...filters] = process.argv.slice(2);

const node = reachableNode();
mount('--rbind', fileURLToPath(new URL('../../..', import.meta.url)), CHECKOUT);
mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/tmp');
for (const leg of legsOf(0)) {
  const files = filesOf(leg, CHECKOUT, filters);
  if (files.length === 0) continue;
  console.log(`\nleg ${leg.name}`);
  if (!(await runLeg(leg, files, { checkout: CHECKOUT, base, node }))) process.exitCode = 1;
}

/** A `node` that any user can execute once the mounts are made: this one, or a bind of it. */
function reachableNode(): string {
  const path = process.execPath;
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const reachable = spawnSync('setpriv', [...user, path, '-e', '0']).status === 0;
  if (reachable && !/^\/(mnt|tmp)\//.test(path)) return path;
  const bound = join(base, 'bin/node');
  mkdirSync(join(base, 'bin'), { mode: 0o755 });
  writeFileSync(bound, '', { mode: 0o755 });
  mount('--bind', path, bound);
  return bound;
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'inherit' });
}
