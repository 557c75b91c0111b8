/** A list that has every step that a server knows. */

import { join } from 'node:path';
import type { ServedSlots } from '#lib/compile/serve.js';
import type { ServedStep } from '#lib/plan/steps.js';

/** What every file system in memory has. acl(5) */
const ACL = 'system.posix_acl_access';
/** One that nobody else is likely to have. */
const PORT = 20_000 + (process.pid % 10_000);

/** Every step that a server knows, with what is in `directory`: a file `there`, which may have a list of access. */
export function everyServedStep(
  directory: string,
  { lane, passing: slot, held: [other = 0] }: ServedSlots,
): readonly ServedStep[] {
  const path = (name: string): string => join(directory, name);
  const file = { kind: 'file', nofollow: false, mode: 0o600 } as const;
  return [
    { op: 'open', slot, path: path('a'), flags: ['write', 'create'], ...file },
    { op: 'pwrite', slot, offset: 0, content: Buffer.from('hello') },
    { op: 'ftruncate', slot, length: 4 },
    { op: 'fstat', slot },
    { op: 'close', slot },
    { op: 'open', slot, path: path('there'), flags: [], ...file },
    { op: 'pread', slot, offset: 0, length: 4 },
    { op: 'open', slot: other, path: path('a'), flags: ['write'], ...file },
    { op: 'sendfile', slot, to: other, length: 100 },
    { op: 'handOver', lane, slots: [slot] },
    { op: 'takeOver', lane, slot },
    { op: 'stat', path: path('a'), nofollow: true },
    { op: 'mkdirat', path: path('d'), mode: 0o700 },
    { op: 'open', slot: other, path: directory, ...file, kind: 'directory', flags: [] },
    { op: 'getdents', slot: other, length: 4096 },
    { op: 'unlinkat', at: other, path: 'd', directory: true },
    { op: 'linkat', path: path('a'), to: path('second') },
    { op: 'renameat', path: path('a'), to: path('b') },
    { op: 'symlinkat', text: 'b', path: path('link') },
    { op: 'readlinkat', path: path('link') },
    { op: 'fchmodat', path: path('link'), mode: 0o640 },
    { op: 'fchownat', path: path('b'), uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, nofollow: false },
    { op: 'utimensat', path: path('b'), atimeS: 5, atimeNs: 0, mtimeS: -7, mtimeNs: 8, nofollow: false },
    { op: 'faccessat', path: path('b'), mode: 4 },
    { op: 'linkat', path: path('b'), to: path('again') },
    { op: 'mknodat', path: path('fifo'), type: 'fifo', mode: 0o600 },
    { op: 'open', slot, path: path('there'), flags: [], ...file },
    { op: 'open', slot: other, path: path('again'), flags: ['write'], ...file },
    { op: 'copyRange', slot, into: other, offset: 0, length: 4 },
    { op: 'listXattr', slot },
    { op: 'getXattr', slot, name: 'user.none' },
    { op: 'copyXattr', slot, into: other, name: ACL },
    { op: 'lock', slot: other },
    { op: 'unlinkat', path: path('link'), directory: false },
    { op: 'socket', slot: other, domain: 'unix' },
    { op: 'bindUnix', slot: other, path: path('door') },
    { op: 'listen', slot: other, backlog: 5 },
    { op: 'socket', slot, domain: 'unix' },
    { op: 'connectUnix', slot, path: path('door') },
    { op: 'socket', slot: other, domain: 'ipv4' },
    { op: 'bindTcp', slot: other, port: PORT },
    { op: 'listen', slot: other, backlog: 5 },
    { op: 'socket', slot, domain: 'ipv4' },
    { op: 'connectTcp', slot, port: PORT, timeoutMs: 100 },
  ];
}
