/**
 * Writes real plans as bytes into a directory, for the fuzzer of `plan_check` to begin with: `corpus.js DIRECTORY`.
 *
 * The same plans each time: they are of definitions below, on machines of test/support/hosts.ts.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import { bind, Container, tmpfs } from '#lib/index.js';
import { encode } from '#lib/plan/encode.js';
import { namespaceRoot, root, user } from '../test/support/hosts.js';
import { type CommandChanges, commandWith } from '../test/support/plans.js';

const command: CommandChanges = {
  file: 'sh',
  args: ['-c', 'echo "$0"', 'ü'],
  env: { LANG: 'C.UTF-8' },
  stdio: ['pipe', 'pipe', 'pipe'],
};
const box = new Container();
const PLANS = {
  plain: [box, root, command],
  'ordinary-user': [box, user, { ...command, hooked: true, timeoutMs: 5000 }],
  'in-a-user-namespace': [box, namespaceRoot, { ...command, stdio: ['ignore', 'descriptor', 'pipe', 'socket'] }],
  rootfs: [
    box
      .rootfs('/srv/busybox')
      .readonly()
      .mount(bind('/srv/a', '/a'), tmpfs('/b', { size: 1 })),
    root,
    command,
  ],
  terminal: [box.user('1:2').cwd('/tmp').init(false), root, { ...command, terminal: { columns: 80, rows: 24 } }],
  joined: [box.namespaces(['mount', 'pid', { network: '/proc/1/ns/net' }, { user: '/proc/1/ns/user' }]), user, command],
  bare: [box.namespaces([]).capabilities([]).noNewPrivileges(false), root, { ...command, stdio: [], detached: true }],
  allowed: [
    box.network({ allow: ['a.example:443', '203.0.113.0/24:80', '[2001:db8::/32]:443'] }),
    { ...root, ipv6: true },
    command,
  ],
  clocks: [box.namespaces(['user', 'mount', 'pid', 'time']).timeOffsets({ boottime: 1000 }), user, command],
} as const;

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: corpus.js DIRECTORY');
mkdirSync(directory, { recursive: true });
for (const [name, [container, host, asked]] of Object.entries(PLANS)) {
  writeFileSync(join(directory, name), encode(compile(container.toJSON(), commandWith(asked), host, RANGE_FIRST)));
}
