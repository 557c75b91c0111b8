/** Network namespaces, as far as a test has to do with them. */

import { readdirSync, readlinkSync } from 'node:fs';
import { attempt, descendants, readProcesses } from '../processes.js';

/** Those that the processes below one are in, or that these and it have open; not its own. */
export function networksBelow(pid: number = process.pid): ReadonlySet<string> {
  const below = descendants(pid).map((entry) => entry.pid);
  const open = [pid, ...below].flatMap(openOf);
  const all = new Set([...below.map(networkOf), ...open].filter((link) => link.startsWith('net:')));
  all.delete(networkOf(pid));
  return all;
}

/** Whether any process of the machine is in one of them, or has it open. */
export function isUsed(networks: ReadonlySet<string>): boolean {
  return [...readProcesses().keys()].some((pid) => [networkOf(pid), ...openOf(pid)].some((link) => networks.has(link)));
}

function networkOf(pid: number): string {
  return attempt(() => readlinkSync(`/proc/${pid}/ns/net`)) ?? '';
}

function openOf(pid: number): readonly string[] {
  const numbers = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return numbers.map((number) => attempt(() => readlinkSync(`/proc/${pid}/fd/${number}`)) ?? '');
}
