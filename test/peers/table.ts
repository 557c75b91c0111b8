/**
 * `npm run peers`, as root: runs the probe in containers of carrel and of others, and writes the table of security.md.
 *
 * Each runs with what it does by default for a program that gets no network. What is not installed keeps no column.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SYSCALLS } from '#lib/seccomp/syscalls.js';
import { removeTree } from '../support/remove-tree.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = join(checkout, 'docs/security.md');
const [BEGIN, END] = ['<!-- measured: npm run peers -->\n', '<!-- /measured -->'];
/** As calls-inside.c has it: the call passed all filters. */
const PASSED = '4001';
const USER = ['setpriv', '--reuid=65532', '--regid=65532', '--clear-groups', '--inh-caps=-all'];

const directory = mkdtempSync(join(tmpdir(), 'peers-'));
const rootfs = join(directory, 'rootfs');
for (const name of ['', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp']) {
  mkdirSync(join(rootfs, name), { recursive: true });
  chmodSync(join(rootfs, name), 0o755);
}
chmodSync(directory, 0o755);
for (const [program, source] of [
  ['probe', 'test/peers/probe.c'],
  ['calls', 'test/support/calls-inside.c'],
] as const)
  execFileSync('gcc', ['-O1', '-static', '-o', join(rootfs, program), join(checkout, source)]);

const carrel = ['node', join(checkout, 'dist/carrel.cjs'), 'run', '--interactive', '--rootfs', rootfs];
const bubblewrap = ['bwrap', '--unshare-all', '--ro-bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev'];
const podman = [
  ...['podman', '--root', join(directory, 'storage'), '--runroot', join(directory, 'state')],
  ...['--cgroup-manager=cgroupfs', '--events-backend=none', '--runtime', 'runc', 'run', '--rm', '--interactive'],
  ...['--network=none', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--rootfs', rootfs],
];
/** What stands before a program of the root filesystem. */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  'no container, root': ['sh', '-c', `exec ${rootfs}"$0"`],
  'carrel, root': carrel,
  'carrel, a user': [...USER, ...carrel],
  'podman, root': podman,
  'bubblewrap, root': bubblewrap,
  'bubblewrap, a user': [...USER, ...bubblewrap],
};
/** They skip every filter: the kernel takes them for its own. */
const OWN = ['uretprobe', 'uprobe'];
const numbers = Object.entries(SYSCALLS.x64).filter(([name]) => !OWN.includes(name));
const calls = numbers.map(([, number]) => `${number.toString(16)} 0 0 0 0 0\n`).join('');

function run(command: readonly string[], program: string, input: string): string {
  const [file = '', ...args] = [...command, `/${program}`];
  const { stdout, status, stderr, error } = spawnSync(file, args, { input, encoding: 'utf8', cwd: '/' });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${file} ended with ${status}: ${stderr}`);
  return stdout;
}

/** One column: what the probe says, in the words of the table. */
function measure(command: readonly string[]): Readonly<Record<string, string>> {
  const lines = run(command, 'probe', '').split('\n');
  const said = (name: string): string =>
    lines
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim() ?? '';
  const bits = (name: string): string =>
    String(
      BigInt(`0x${said(name)}`)
        .toString(2)
        .replaceAll('0', '').length,
    );
  const [, , count = ''] = said('uid_map:').split(/\s+/);
  const passed = run(command, 'calls', calls)
    .split('\n')
    .filter((line) => line === PASSED).length;
  return {
    'capabilities of root inside': bits('CapEff:'),
    'in the bounding set': bits('CapBnd:'),
    'ids inside': count === '4294967295' ? 'all of the host’s' : count,
    no_new_privs: said('NoNewPrivs:') === '1' ? 'set' : 'not set',
    [`system calls that get through, of ${numbers.length}`]: String(passed),
    'sensitive files that show something, of 15': said('sensitive:'),
    'settings of the machine that can be opened for writing, of 10': said('settings:'),
    'user namespaces inside': said('user_namespaces:') === '1' ? 'can be made' : 'none',
  };
}

const columns = Object.entries(PEERS).flatMap(([name, command]) => {
  const [program = ''] = command.filter((word) => !USER.includes(word));
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return [];
  return [[name, measure(command)] as const];
});
const rows = Object.keys(columns[0]?.[1] ?? {});
const cells = [
  ['', ...columns.map(([name]) => name)],
  ['---', ...columns.map(() => '---')],
  ...rows.map((what) => [what, ...columns.map(([, values]) => values[what] ?? '')]),
];
const table = cells.map((line) => `| ${line.join(' | ')} |\n`).join('');
const page = readFileSync(PAGE, 'utf8');
const [before = '', rest = ''] = page.split(BEGIN);
writeFileSync(PAGE, `${before}${BEGIN}\n${table}\n${END}${rest.split(END)[1] ?? ''}`);
console.log(table);
spawnSync('umount', [join(directory, 'storage/overlay')], { stdio: 'ignore' });
removeTree(directory);
