/** The machine that was measured, in words. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Machine } from './results.js';

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  bubblewrap: ['bwrap', '--version'],
  unshare: ['unshare', '--version'],
  crun: ['crun', '--version'],
  runc: ['runc', '--version'],
  firejail: ['firejail', '--version'],
  'systemd-nspawn': ['systemd-nspawn', '--version'],
  podman: ['podman', '--version'],
};

export function machineOf(where: string, peers: readonly string[], busy: number): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    system: systemName(),
    node: process.version,
    user: process.getuid?.() === 0 ? 'root' : 'an ordinary user',
    where,
    busy,
    date: new Date().toISOString().slice(0, 10),
    versions: Object.fromEntries(peers.map((name) => [name, versionOf(VERSIONS[name] ?? [])])),
  };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux'; // os-release(5) need not be there
  }
}

function versionOf([file = '', ...args]: readonly string[]): string {
  const { stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return /\d+(\.\d+)+|\d+/.exec(stdout ?? '')?.[0] ?? 'unknown';
}
