/**
 * Runs every leg inside the private mount namespace that run.ts made: `inside.js BASE [FILTER …]`.
 *
 * The checkout and Node may be where only root can go: they appear in BASE, for everyone. /tmp is empty and nobody
 * else's.
 */

import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asUser, filesOf, legsOf, runLeg } from './legs.js';

const [base = '', ...filters] = process.argv.slice(2);
const checkout = bindCheckout();
const node = bindNode();
mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/tmp');
showTun();
requireReachable([node, '-e', '0'], 'Node');
requireReachable(['cat', join(checkout, 'package.json'), join(checkout, 'build/test/support/run.js')], 'the checkout');

for (const leg of legsOf(0)) {
  const files = filesOf(leg, checkout, filters);
  if (files.length === 0) continue;
  console.log(`\nleg ${leg.name}`);
  if (!(await runLeg(leg, files, { checkout, base, node }))) process.exitCode = 1;
}

/** Entry by entry, because the directory itself may be closed to others. */
function bindCheckout(): string {
  const source = fileURLToPath(new URL('../../..', import.meta.url));
  const target = makeDirectory('checkout');
  mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', target);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (entry.isDirectory()) mkdirSync(join(target, entry.name));
    else if (entry.isFile()) writeFileSync(join(target, entry.name), '');
    else continue;
    mount('--rbind', join(source, entry.name), join(target, entry.name));
  }
  return target;
}

/** A Node that everyone can execute: this one, or a bind of it. */
function bindNode(): string {
  if (asNobody([process.execPath, '-e', '0']).status === 0) return process.execPath;
  const target = join(makeDirectory('bin'), 'node');
  writeFileSync(target, '');
  mount('--bind', process.execPath, target);
  return target;
}

/** For everyone, as distributions have it. Some machines have it for root alone. */
function showTun(): void {
  if (!existsSync('/dev/net/tun')) return;
  mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/dev/net');
  execFileSync('mknod', ['--mode=666', '/dev/net/tun', 'c', '10', '200']);
}

function makeDirectory(name: string): string {
  const path = join(base, name);
  mkdirSync(path, { mode: 0o755 });
  return path;
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'inherit' });
}

function requireReachable(command: readonly string[], what: string): void {
  const { status, stderr } = asNobody(command);
  if (status !== 0) throw new Error(`other users cannot read ${what}; was it made with a strict umask? ${stderr}`);
}

/** By way of a shell: setpriv still has capabilities when it executes a program, which then has none. */
function asNobody(command: readonly string[]): SpawnSyncReturns<Buffer> {
  const [setpriv = '', ...user] = asUser;
  return spawnSync(setpriv, [...user, 'sh', '-c', '"$0" "$@" >/dev/null', ...command]);
}
